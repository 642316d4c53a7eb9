import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  DynamoDBBatchResponse,
  SQSBatchResponse,
} from 'aws-lambda';
import { vi } from 'vitest';
import { expectDocumented } from './documented-answer.ts';
import { anSqsEventOf, type FunctionStack } from './function-stack.ts';
import { aBrowserEvent, anIamEvent } from './http-events.ts';
import { aContext } from './lambda-context.ts';
import type { QueuedMessage } from './queue-service.ts';

/** An answer over HTTP, with its JSON read. */
export interface HttpAnswer extends APIGatewayProxyStructuredResultV2 {
  readonly message: Readonly<Record<string, unknown>>;
}

type IamGiven = Parameters<typeof anIamEvent>[1];

/**
 * Loads every function from its source, and sends it the events that AWS would. What is asked and
 * answered over HTTP is held against the OpenAPI document each time.
 */
export async function loadFunctions(stack: FunctionStack) {
  const [
    connect,
    authorize,
    callback,
    connections,
    vend,
    vendHttp,
    refreshDue,
    refresh,
    revoke,
    recover,
    publish,
  ] = await Promise.all([
    import('../../functions/connect.ts'),
    import('../../functions/authorize.ts'),
    import('../../functions/callback.ts'),
    import('../../functions/connections.ts'),
    import('../../functions/vend.ts'),
    import('../../functions/vend-http.ts'),
    import('../../functions/refresh-due.ts'),
    import('../../functions/refresh.ts'),
    import('../../functions/revoke.ts'),
    import('../../functions/recover.ts'),
    import('../../functions/publish-events.ts'),
  ]);
  stack.refreshWith(refresh.handler);

  const request = async (handler: unknown, event: APIGatewayProxyEventV2): Promise<HttpAnswer> => {
    const answer = (await call(handler, event)) as APIGatewayProxyStructuredResultV2;
    expectDocumented(event, answer);
    const isJson = answer.headers?.['content-type'] === 'application/json';
    return { ...answer, message: isJson ? JSON.parse(answer.body ?? '') : {} };
  };
  const handlers = {
    connect: connect.handler,
    connections: connections.handler,
    'vend-http': vendHttp.handler,
    refresh: refresh.handler,
    revoke: revoke.handler,
    recover: recover.handler,
    'publish-events': publish.handler,
  };
  const onConnection = (method: string) => (key: string, body?: unknown) => {
    const [client = '', connection = ''] = key.split('/');
    const path = { client, connection };
    const event = anIamEvent(`${method} /connections/{client}/{connection}`, { path, body });
    return request(connections.handler, event);
  };
  return {
    connect: (routeKey: string, given?: IamGiven) =>
      request(connect.handler, anIamEvent(routeKey, given)),
    connections: (routeKey: string, given?: IamGiven) =>
      request(connections.handler, anIamEvent(routeKey, given)),
    put: onConnection('PUT'),
    show: onConnection('GET'),
    remove: onConnection('DELETE'),
    vend: (event: unknown) => call(vend.handler, event) as Promise<Record<string, unknown>>,
    vendHttp: (key: string, body?: unknown, given?: IamGiven) => {
      const [client = '', connection = ''] = key.split('/');
      const route = 'POST /connections/{client}/{connection}/token';
      const event = anIamEvent(route, { path: { client, connection }, body, ...given });
      return request(vendHttp.handler, event);
    },
    follow: (rawQueryString: string) =>
      request(authorize.handler, aBrowserEvent('GET /authorize', { rawQueryString })),
    comeBack: (client: string, rawQueryString: string, cookies: readonly string[]) =>
      request(
        callback.handler,
        aBrowserEvent('GET /callback/{client}', { path: { client }, rawQueryString, cookies }),
      ),
    /** Any event at all, as whoever may invoke a function directly can send it. */
    invoke: (name: keyof typeof handlers, event: unknown) => call(handlers[name], event),
    refreshDue: () => call(refreshDue.handler, {}),
    refresh: (event: unknown) => call(refresh.handler, event),
    refreshAll: (messages: readonly QueuedMessage[], remainingMs?: number) =>
      workOff(refresh.handler, messages, remainingMs),
    revokeAll: (messages: readonly QueuedMessage[]) => workOff(revoke.handler, messages),
    /** Follows the stream; answers the place from which it is to be delivered again. */
    publishAll: async (records: readonly object[]) => {
      const answer = await call(publish.handler, { Records: records });
      const { batchItemFailures } = answer as DynamoDBBatchResponse;
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    },
    recoverAll: (messages: readonly QueuedMessage[]) => workOff(recover.handler, messages),
  };
}

export type Functions = Awaited<ReturnType<typeof loadFunctions>>;

/** What a browser holds once it has been sent to the provider. */
export interface BrowserAtProvider {
  /** The one-time value in the link that it followed. */
  readonly session: string;
  readonly location: URL;
  readonly state: string;
  readonly cookies: readonly string[];
}

/** An application begins a connect session, and the browser follows its link. */
export async function sendToProvider(
  functions: Functions,
  body: Readonly<Record<string, unknown>>,
): Promise<BrowserAtProvider> {
  const { message } = await functions.connect('POST /connect-sessions', { body });
  const { search, searchParams } = new URL(String(message.authorize_url));
  const { headers, cookies = [] } = await functions.follow(search.slice(1));
  const location = new URL(String(headers?.location));
  return {
    session: searchParams.get('session') ?? '',
    location,
    state: location.searchParams.get('state') ?? '',
    cookies: cookies.map((cookie) => cookie.split(';')[0] ?? ''),
  };
}

/**
 * Everything that is written to standard output and standard error from now on.
 *
 * @returns what was written so far, and its lines that are JSON.
 */
export function captureOutput() {
  const written: string[] = [];
  const keep = (chunk: unknown) => {
    written.push(String(chunk));
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(keep),
  );
  return {
    text: () => written.join(''),
    lines: (): readonly Readonly<Record<string, unknown>>[] =>
      written
        .join('')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line)),
    clear: () => {
      written.length = 0;
    },
    end: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

function call(handler: unknown, event: unknown, remainingMs?: number): Promise<unknown> {
  const context = aContext(
    remainingMs === undefined ? {} : { getRemainingTimeInMillis: () => remainingMs },
  );
  return (handler as (event: unknown, context: unknown) => Promise<unknown>)(event, context);
}

/** Hands messages to a function and answers which of them come back to the queue. */
async function workOff(handler: unknown, messages: readonly QueuedMessage[], remainingMs?: number) {
  const event = anSqsEventOf(...messages);
  const answer = (await call(handler, event, remainingMs)) as SQSBatchResponse;
  return answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}
