import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { Command } from 'commander';
import type { ConnectionKey } from '../../lib/names.ts';
import type { Action } from '../action.ts';
import { connectionPath, openApi } from '../api.ts';
import { endingOf, Failure } from '../failure.ts';
import { parseAddress, wholeNumber } from '../operands.ts';
import { formatConnection } from '../output/connection-text.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly reveal?: true;
  readonly minTtl?: number;
  readonly maxWait?: number;
  readonly function?: string;
}

type Vended = Readonly<Record<string, unknown>>;

/** `vend`: what a caller is given, with the token hidden unless it is asked for. */
export function addVend(program: Command, action: Action): void {
  program
    .command('vend')
    .description('what a caller is given; the token is hidden')
    .argument('<client/connection>')
    .option('--reveal', 'print the token, too')
    .option(
      '--min-ttl <seconds>',
      'how long it has to live at least',
      wholeNumber('--min-ttl', 0, 86_400),
    )
    .option(
      '--max-wait <seconds>',
      'how long to wait for a refresh',
      wholeNumber('--max-wait', 0, 25),
    )
    .option(
      '--function <name>',
      'by direct invocation of this function, such as evergrant-prod-vend',
    )
    .action(action(vend));
}

async function vend(session: Session, address: string, options: Options): Promise<undefined> {
  const key = parseAddress(address);
  const request = {
    ...(options.minTtl !== undefined && { min_ttl_seconds: options.minTtl }),
    ...(options.maxWait !== undefined && { max_wait_seconds: options.maxWait }),
  };
  const vended =
    options.function === undefined
      ? await vendOverHttp(session, key, request)
      : await vendDirectly(session, options.function, { ...key, ...request });
  const shown = options.reveal ? vended : hideToken(vended);
  session.print.result(shown, formatConnection(shown));
}

async function vendOverHttp(
  session: Session,
  key: ConnectionKey,
  request: object,
): Promise<Vended> {
  const api = await openApi(session);
  return (await api.call('POST', `${connectionPath(key)}/token`, request)).body;
}

async function vendDirectly(
  session: Session,
  FunctionName: string,
  event: object,
): Promise<Vended> {
  const Payload = Buffer.from(JSON.stringify(event));
  const command = new InvokeCommand({ FunctionName, Payload });
  const answer = await session.aws().lambda().send(command);
  const body: Vended = JSON.parse(Buffer.from(answer.Payload ?? '{}').toString('utf8'));
  if (answer.FunctionError !== undefined) {
    throw new Failure('failed', {
      error: 'function_error',
      error_description: `${FunctionName} failed; its log says why`,
    });
  }
  const { error, error_description, status } = body;
  if (typeof error !== 'string') return body;
  const ending = endingOf(Number(status), error);
  throw new Failure(ending, { ...body, error, error_description: String(error_description) });
}

const hidden = '(hidden; --reveal prints it)';

/** The answer without its token, wherever it stands. */
function hideToken(vended: Vended): Vended {
  const { present } = vended;
  return {
    ...vended,
    access_token: hidden,
    ...(typeof present === 'object' && { present: { ...present, value: hidden } }),
  };
}
