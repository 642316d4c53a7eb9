import type { IncomingMessage } from 'node:http';
import { type Reply, type RunningServer, startHttpServer } from '../../../local/http-server.ts';
import type { PlaygroundStack } from '../../../local/playground/broker-api.ts';

/** One request that the stand-in for the whole stack saw. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into bodies of every shape
  readonly body: any;
}

/** What the stand-in answers, by `METHOD path` without query, or by the SDK's operation. */
export type Answers = Readonly<Record<string, { readonly status: number; readonly body: object }>>;

export interface FakeStack {
  readonly stack: PlaygroundStack;
  readonly seen: readonly SeenRequest[];
  /** Replaces answers from now on. */
  readonly answer: (answers: Answers) => void;
  /** The first such request that it saw; `path` with its query. */
  readonly sent: (method: string, path: string) => SeenRequest | undefined;
  readonly close: () => Promise<void>;
}

export const vended = {
  client: 'hurma-acme',
  connection: 'ann',
  state: 'active',
  access_token: 'access-token-canary-0123456789',
  token_type: 'Bearer',
  expires_in: 3412,
  values: {},
} as const;

/** API, Lambda, DynamoDB, Secrets Manager and a provider in one server, all of it made up. */
export async function aFakeStack(): Promise<FakeStack> {
  const seen: SeenRequest[] = [];
  let answers: Answers = {
    'GET /events': { status: 200, body: { events: [] } },
    'GET /connections': { status: 200, body: { connections: [] } },
    'secretsmanager.ListSecrets': {
      status: 200,
      body: { SecretList: [{ Name: 'evergrant/local/clients/hurma-acme' }] },
    },
    'DynamoDB_20120810.UpdateItem': { status: 200, body: {} },
    'POST /_control/expire': { status: 200, body: { expired: 1 } },
  };
  const server: RunningServer = await startHttpServer(
    (request, body) => {
      const target = request.headers['x-amz-target'];
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      seen.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: body.length > 0 ? JSON.parse(body.toString('utf8')) : undefined,
      });
      return reply(answers[String(target)] ?? answers[`${request.method} ${path}`]);
    },
    { port: 0, maxBodyBytes: 1_000_000 },
  );
  const { url } = server;
  return {
    stack: {
      stage: 'local',
      region: 'us-east-1',
      api: url,
      lambda: url,
      dynamodb: url,
      secrets_manager: url,
      event_bridge: url,
      providers: { hurma: url, hurdlr: url, humanity: url, hypersku: url },
    },
    seen,
    answer: (more) => {
      answers = { ...answers, ...more };
    },
    sent: (method, path) =>
      seen.find((request) => request.method === method && request.path === path),
    close: server.close,
  };
}

function reply(known: { readonly status: number; readonly body: object } | undefined): Reply {
  const { status, body } = known ?? { status: 404, body: { message: 'Not Found' } };
  const headers = { 'content-type': 'application/json' };
  return { status, headers, ...(status === 204 ? {} : { body: JSON.stringify(body) }) };
}
