/**
 * What callers of the broker do: connect, look, and ask for tokens.
 *
 * @module
 */
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Child } from './child.ts';
import { inParallel } from './in-parallel.ts';
import { askJson, postJson } from './json-call.ts';
import type { Stack } from './start-stack.ts';
import { nowSeconds, pass } from './waiting.ts';

/** A connection of the measurement: its id is the provider's name for the grant. */
export interface ConnectionName {
  readonly client: string;
  readonly connection: string;
}

const operator = { authorizer: { iam: { userArn: 'arn:aws:iam::000000000000:user/local' } } };
const route = '/connections/{client}/{connection}';

/** What the function `connections` says of one. */
export interface ConnectionView {
  /** Undefined when nothing could be said. */
  readonly state?: string;
  readonly reason?: string;
}

/**
 * Connects by importing tokens that the provider issues for this.
 *
 * @param grants.expiresAt - of the access token, epoch seconds; it may be over. By its place in the list,
 *   where they are not to end at once.
 * @param grants.tokenBytes - how many random bytes a refresh token has; 16 where it is not said.
 */
export async function connectAll(
  { provider }: Stack,
  workers: readonly Child[],
  grants: {
    readonly names: readonly ConnectionName[];
    readonly expiresAt: number | ((index: number) => number);
    readonly tokenBytes?: number;
  },
): Promise<void> {
  const { names, expiresAt, tokenBytes } = grants;
  const families = names.map(({ connection }) => connection);
  const issued = await provider.issue(families, tokenBytes);
  await inParallel([...names.entries()], 16, async ([index, name]) => {
    const { access_token, refresh_token } = issued[index] ?? {};
    const expires_at = typeof expiresAt === 'number' ? expiresAt : expiresAt(index);
    const body = { import: { access_token, refresh_token, expires_at } };
    await connect(workers[index % workers.length], name, body);
  });
}

const mostTries = 30;

/** A store that is slow for a moment, on a machine with other work, is asked once more. */
async function connect(
  worker: Child | undefined,
  name: ConnectionName,
  body: object,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const answer = await askConnections(worker, 'PUT', name, body);
    // 200: it was there, since the first try's answer was what was lost.
    if (answer.statusCode === 201 || answer.statusCode === 200) return;
    if (answer.statusCode !== 503 || tries === mostTries) {
      throw new Error(`not connected: ${answer.body}`);
    }
    await pass(1);
  }
}

export async function readConnection(
  worker: Child | undefined,
  name: ConnectionName,
): Promise<ConnectionView> {
  return JSON.parse((await askConnections(worker, 'GET', name)).body);
}

interface HttpAnswer {
  readonly statusCode: number;
  readonly body: string;
}

/** A function that fails is told from one that refuses by its status alone. */
async function askConnections(
  worker: Child | undefined,
  method: 'PUT' | 'GET',
  ...[name, body]: [ConnectionName, object?]
): Promise<HttpAnswer> {
  const answer = await postJson(`${worker?.url}/invoke`, {
    routeKey: `${method} ${route}`,
    pathParameters: name,
    requestContext: operator,
    ...(body && { body: JSON.stringify(body), isBase64Encoded: false }),
  });
  if (answer === undefined || answer.failed) return { statusCode: 503, body: '{}' };
  return answer.body as HttpAnswer;
}

/** How a vend ended, and how long it took. */
export interface Vend {
  readonly ms: number;
  /** `token`, or the code of the failure. */
  readonly outcome: string;
  readonly accessToken?: string;
  readonly warning?: string;
  readonly reason?: string;
  readonly retryAfterSeconds?: number;
}

/**
 * Asks one process of `vend` for a token.
 *
 * @param minTtlSeconds - where it is not said, the most that can be asked: whatever has lived half its
 *   life is refreshed.
 */
export async function vend(
  worker: Child | undefined,
  { client, connection }: ConnectionName,
  ...[maxWaitSeconds, minTtlSeconds = 86_400]: readonly [number, number?]
): Promise<Vend> {
  const beganMs = performance.now();
  const answer = await postJson(`${worker?.url}/invoke`, {
    ...{ client, connection, max_wait_seconds: maxWaitSeconds },
    min_ttl_seconds: minTtlSeconds,
  });
  const ms = performance.now() - beganMs;
  const given = (answer?.body ?? {}) as VendBody;
  if (answer === undefined || answer.failed) return { ms, outcome: 'function_error' };
  return {
    ms,
    outcome: given.error ?? 'token',
    ...(given.access_token !== undefined && { accessToken: given.access_token }),
    ...(given.warning && { warning: given.warning.code }),
    ...(given.reason !== undefined && { reason: given.reason }),
    ...(given.retry_after !== undefined && { retryAfterSeconds: given.retry_after }),
  };
}

interface VendBody {
  readonly error?: string;
  readonly access_token?: string;
  readonly warning?: { readonly code: string };
  readonly reason?: string;
  readonly retry_after?: number;
}

/** What a caller expects. */
export interface Patience {
  readonly maxWaitSeconds: number;
  /** Waits as long as the function may run: not the broker's speed is judged, but that it answers. */
  readonly quick: boolean;
}

/** What a caller waits at most beyond what it asked for. */
const graceMs = 3000;

/** Whether a caller got what it may expect in its time: a token, or a failure that says what to do. */
export function isProper(given: Vend, { maxWaitSeconds, quick }: Patience): boolean {
  if (!quick && given.ms > maxWaitSeconds * 1000 + graceMs) return false;
  if (given.outcome === 'token') return true;
  if (given.outcome === 'reauthorization_required') return given.reason !== undefined;
  return given.outcome === 'temporarily_unavailable' && given.retryAfterSeconds !== undefined;
}

/** Which answer a caller of this connection has seen, as `vend` would know it. */
export async function readFence(
  { dynamodb }: Stack,
  { client, connection }: ConnectionName,
): Promise<number> {
  const { Item } = await dynamodb.send(
    new GetItemCommand({
      TableName: 'evergrant-local-tokens',
      Key: { pk: { S: `${client}/${connection}` } },
    }),
  );
  return Number(Item?.fence?.N);
}

/** Has one process of `refresh` refresh a connection, as `vend` would. Undefined: it has died. */
export async function refresh(
  worker: Child | undefined,
  { client, connection }: ConnectionName,
  seenFence: number,
): Promise<unknown> {
  const event = { client, connection, seen_fence: seenFence };
  return (await postJson(`${worker?.url}/invoke`, event))?.body;
}

export interface Workers {
  readonly connections: readonly Child[];
  readonly vending: readonly Child[];
  readonly refreshing: readonly Child[];
}

/**
 * Has every process do its work a few times: many that start at once on one machine would measure
 * little but that.
 */
export async function warmUp(
  stack: Stack,
  client: string,
  { connections, vending, refreshing, quick }: Workers & { readonly quick: boolean },
): Promise<void> {
  const list = (kind: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      client,
      connection: `${client}-${kind}-${index}`,
    }));
  const alive = list('vended-before', quick ? 2 : 20);
  const spent = list('refreshed-before', (quick ? 1 : 3) * refreshing.length);
  await connectAll(stack, connections, { names: alive, expiresAt: nowSeconds() + 3600 });
  await connectAll(stack, connections, { names: spent, expiresAt: nowSeconds() - 1 });
  for (const worker of vending) await inParallel(alive, 4, (name) => vend(worker, name, 1));
  for (const [index, name] of spent.entries()) {
    const worker = refreshing[index % refreshing.length];
    await refresh(worker, name, await readFence(stack, name));
  }
}

/** Something whose wall clock can be moved: a worker, or an address of the store. */
export interface Clocked {
  readonly url: string;
}

/** Sets wall clocks forward, instead of waiting. Seconds are counted from the true time. */
export async function moveClocks(clocked: readonly Clocked[], aheadSeconds: number): Promise<void> {
  await Promise.all(
    clocked.map(({ url }) => askJson(`${url}/clock`, { ahead_seconds: aheadSeconds })),
  );
}
