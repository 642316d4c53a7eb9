/**
 * What a person's browser and the application do to connect, up to the event that is measured.
 *
 * @module
 */
import type { ConnectionName } from '../stack/callers.ts';
import type { Child } from '../stack/child.ts';
import { askJson } from '../stack/json-call.ts';
import { buildHttpEvent } from './events.ts';

/** What API Gateway is answered with. */
interface HttpAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
}

/** The functions that begin a connection. */
export interface FlowWorkers {
  readonly connect: Child | undefined;
  readonly authorize: Child | undefined;
}

/** The application's request for a session. */
export function buildConnectEvent({ client, connection }: ConnectionName) {
  const body = { client, connection, return_url: 'https://app.example/connected' };
  return buildHttpEvent({ route: 'POST /connect-sessions', body });
}

/** The browser's request with a session of its own. */
export async function buildAuthorizeEvent(workers: FlowWorkers, name: ConnectionName) {
  const { body = '' } = await invoke(workers.connect, buildConnectEvent(name), 201);
  const { authorize_url: url } = JSON.parse(body) as { readonly authorize_url: string };
  return buildHttpEvent({ route: 'GET /authorize', query: new URL(url).search.slice(1) });
}

/** The browser's return from the provider, with a code that stands for this connection's grant. */
export async function buildCallbackEvent(workers: FlowWorkers, name: ConnectionName) {
  const event = await buildAuthorizeEvent(workers, name);
  const { headers = {}, cookies = [] } = await invoke(workers.authorize, event, 302);
  const state = new URL(headers.location ?? '').searchParams.get('state') ?? '';
  return buildHttpEvent({
    route: 'GET /callback/{client}',
    path: { client: name.client },
    query: new URLSearchParams({ code: name.connection, state }).toString(),
    cookies: cookies.map((cookie) => cookie.split(';')[0] ?? ''),
  });
}

async function invoke(
  worker: Child | undefined,
  event: object,
  expected: number,
): Promise<HttpAnswer> {
  const answer = await askJson<HttpAnswer>(`${worker?.url}/invoke`, event);
  if (answer.statusCode !== expected) throw new Error(`answered ${answer.statusCode}`);
  return answer;
}
