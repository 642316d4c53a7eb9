import type { Command } from 'commander';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import { type EpochSeconds, epochSeconds } from '../../lib/time.ts';
import type { Action } from '../action.ts';
import { type Api, openApi } from '../api.ts';
import { type Ending, Failure } from '../failure.ts';
import { findConnection } from '../list-connections.ts';
import { collectPair, parseAddress } from '../operands.ts';
import { formatConnection, type ShownConnection } from '../output/connection-text.ts';
import { formatInstant } from '../output/instant.ts';
import type { Session } from '../session.ts';

interface Options {
  readonly scope?: string;
  readonly returnUrl?: string;
  readonly param?: Readonly<Record<string, string>>;
  readonly allowAccountSwitch?: true;
  readonly wait: boolean;
}

const pollMs = 2000;

/** `connect`: the redirect flow, begun at a terminal. */
export function addConnect(program: Command, action: Action): void {
  program
    .command('connect')
    .description('print the link by which a person connects, and wait for it')
    .argument('<client/connection>')
    .option('--scope <scope>', 'what to ask for, separated by spaces')
    .option('--return-url <url>', 'where the browser goes afterwards')
    .option('--param <name=value>', "a param of the connection's; may be repeated", collectPair)
    .option('--allow-account-switch', 'also where another account was connected before')
    .option('--no-wait', 'print the link and end')
    .action(action(connect));
}

async function connect(
  session: Session,
  address: string,
  options: Options,
): Promise<Ending | undefined> {
  const key = parseAddress(address);
  const api = await openApi(session);
  const before = await findConnection(api, key);
  const { body } = await api.call('POST', '/connect-sessions', {
    ...key,
    ...(options.scope !== undefined && { scope: options.scope }),
    ...(options.returnUrl !== undefined && { return_url: options.returnUrl }),
    ...(options.param && { params: options.param }),
    ...(options.allowAccountSwitch && { allow_account_switch: true }),
  });
  const link = String(body.authorize_url);
  const expiresAt = epochSeconds(Number(body.expires_at));
  const begun = { ...key, authorize_url: link, expires_at: expiresAt };
  if (!options.wait) {
    session.print.result(begun, link);
    return undefined;
  }
  session.print.note(
    `Open within 30 minutes, in the browser of whoever is to connect:\n\n${link}\n`,
  );
  session.print.note('Waiting; Ctrl-C ends the waiting, not the link.');
  const after = await waitForChange(session, api, { key, before, expiresAt });
  if (after === 'interrupted') {
    const until = `the link is good until ${formatInstant(expiresAt)}`;
    session.print.result({ ...begun, status: 'waiting' }, `Not connected yet; ${until}`);
    return 'interrupted';
  }
  const connected = { ...begun, status: 'connected', connection_state: after };
  session.print.result(connected, `${keyText(key)} is connected\n${formatConnection(after)}`);
  return undefined;
}

/**
 * Looks until the connection is another one than before.
 *
 * @throws {Failure} `failed` when the link ends first: a denial, too, leaves no other trace here.
 */
async function waitForChange(
  { clock, interruption }: Session,
  api: Api,
  {
    key,
    before,
    expiresAt,
  }: {
    readonly key: ConnectionKey;
    readonly before: ShownConnection | undefined;
    readonly expiresAt: EpochSeconds;
  },
): Promise<ShownConnection | 'interrupted'> {
  const aborted = new Promise<void>((resolve) => {
    interruption.addEventListener('abort', () => resolve(), { once: true });
  });
  // The person may follow the link at its last moment, and has ten minutes at the provider.
  const giveUpAt = expiresAt + 600;
  while (clock.now() < giveUpAt) {
    if (interruption.aborted) return 'interrupted';
    const found = await findOrWait(api, key);
    if (found && found.connected_at !== before?.connected_at) return found;
    await Promise.race([clock.sleep(pollMs), aborted]);
  }
  throw new Failure('failed', {
    error: 'expired',
    error_description: `nobody connected ${keyText(key)} while the link was good; begin again`,
  });
}

/** A moment without an answer is no reason to end a wait of minutes. */
async function findOrWait(api: Api, key: ConnectionKey): Promise<ShownConnection | undefined> {
  try {
    return await findConnection(api, key);
  } catch (error) {
    if (error instanceof Failure && error.ending === 'later') return undefined;
    throw error;
  }
}
