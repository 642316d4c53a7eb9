/**
 * The functions as an operator reaches them: over HTTP with a signature, and by direct invoke.
 *
 * @module
 */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { ConnectionKey } from '../../lib/names.ts';
import type { StackUrls } from '../stack-parts.ts';
import { signedFetch } from './signed-fetch.ts';

/** What the playground needs to know of the stack. */
export type PlaygroundStack = Omit<StackUrls, 'playground' | 'sqs'>;

/** An answer of the interface: a JSON object, of success or failure alike. */
export interface BrokerAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface BrokerApi {
  /** `POST /connect-sessions`. */
  beginConnection(input: object): Promise<BrokerAnswer>;
  /** `PUT /connections/{client}/{connection}`. */
  connectDirectly(key: ConnectionKey, grant: object): Promise<BrokerAnswer>;
  /** `GET /connections?client=`; the first page. */
  list(client: string): Promise<BrokerAnswer>;
  /** `GET /connections/{client}/{connection}`. */
  show(key: ConnectionKey): Promise<BrokerAnswer>;
  /** `DELETE /connections/{client}/{connection}`. */
  disconnect(key: ConnectionKey): Promise<BrokerAnswer>;
  /** Invokes `vend`, as another Lambda function does. */
  vendDirectly(key: ConnectionKey): Promise<BrokerAnswer>;
  /** `POST /connections/{client}/{connection}/token`. */
  vendOverHttp(key: ConnectionKey): Promise<BrokerAnswer>;
  close(): void;
}

/** Longer than the functions' own limit, so that their answer is what is seen. */
const patienceMs = 35_000;

export function createBrokerApi({ api, lambda, region, stage }: PlaygroundStack): BrokerApi {
  const client = new LambdaClient({
    endpoint: lambda,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    // The second for a kept connection that the other end has just closed; a vend may be repeated.
    maxAttempts: 2,
  });
  const call = async (method: string, path: string, body?: object): Promise<BrokerAnswer> => {
    const response = await signedFetch(`${api}${path}`, {
      method,
      region,
      signal: AbortSignal.timeout(patienceMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answered = parseObject(await response.text());
    // serverless-offline 14 answers for a function that timed out or did not load with 200
    const status = 'errorMessage' in answered ? 502 : response.status;
    return { status, body: answered };
  };
  return {
    beginConnection: (input) => call('POST', '/connect-sessions', input),
    connectDirectly: (key, grant) => call('PUT', connectionPath(key), grant),
    list: (name) => call('GET', `/connections?client=${encodeURIComponent(name)}`),
    show: (key) => call('GET', connectionPath(key)),
    disconnect: (key) => call('DELETE', connectionPath(key)),
    vendOverHttp: (key) => call('POST', `${connectionPath(key)}/token`, {}),
    vendDirectly: (key) => invoke(client, `evergrant-${stage}-vend`, key),
    close: () => client.destroy(),
  };
}

async function invoke(client: LambdaClient, name: string, event: object): Promise<BrokerAnswer> {
  const { Payload, FunctionError } = await client.send(
    new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)) }),
    { abortSignal: AbortSignal.timeout(patienceMs) },
  );
  const body = parseObject(Buffer.from(Payload ?? []).toString('utf8'));
  if (FunctionError !== undefined) return { status: 500, body };
  return { status: typeof body.status === 'number' ? body.status : 200, body };
}

function connectionPath({ client, connection }: ConnectionKey): string {
  return `/connections/${encodeURIComponent(client)}/${encodeURIComponent(connection)}`;
}

/** An empty object for anything that is none, such as the empty body of a 204. */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
