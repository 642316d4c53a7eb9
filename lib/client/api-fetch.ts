/**
 * `fetch` for an API: the token is where the provider wants it, and goes nowhere else.
 *
 * @module
 */
import type { AccessToken, Presentation } from './access-token.ts';
import { readBaseUrl, resolveApiUrl } from './api-address.ts';
import { type Hop, isRedirect, nextHop } from './api-redirect.ts';
import { type ApiRequest, mayRepeat, readApiRequest } from './api-request.ts';

export interface ApiPorts {
  /** `client/connection`. */
  readonly name: string;
  readonly token: (options: {
    readonly rejected?: AccessToken;
    readonly signal?: AbortSignal;
  }) => Promise<AccessToken>;
  readonly fetch: typeof globalThis.fetch;
  /** Given by the caller; without it the broker's word holds. */
  readonly apiBaseUrl: string | undefined;
}

/** As many as `fetch` itself follows. */
const mostRedirects = 20;

/** Sends a request; after a 401 once more, with the token that comes of reporting it. */
export async function fetchFromApi(
  ports: ApiPorts,
  input: string | URL | Request,
  init: RequestInit,
): Promise<Response> {
  const { target, request } = readApiRequest(input, init);
  const options = request.init.signal ? { signal: request.init.signal } : {};
  const token = await ports.token(options);
  const first = await send(ports, { target, request, token });
  if (!first.isRefused) return first.response;
  const next = await ports.token({ ...options, rejected: token }).catch(async (error: unknown) => {
    // An answer that nobody will read holds its socket.
    await first.response.body?.cancel();
    throw error;
  });
  // The broker holds the same one for good: the API refuses it for another reason.
  if (next.reveal() === token.reveal() || !mayRepeat(request)) return first.response;
  await first.response.body?.cancel();
  return (await send(ports, { target, request, token: next })).response;
}

interface Sent {
  readonly response: Response;
  /** Whether the API refuses the token, as far as a status tells. */
  readonly isRefused: boolean;
}

async function send(
  ports: ApiPorts,
  given: {
    readonly target: string | URL;
    readonly request: ApiRequest;
    readonly token: AccessToken;
  },
): Promise<Sent> {
  const { name, apiBaseUrl, fetch } = ports;
  const { redirect = 'follow' } = given.request.init;
  const base = readBaseUrl(name, apiBaseUrl ?? given.token.apiBaseUrl);
  const presentation = given.token.present();
  let hop: Hop = { request: given.request, url: resolveApiUrl(given.target, { name, base }) };
  let isAtHome = true;
  for (let redirects = 0; ; redirects += 1) {
    const response = await sendHop(fetch, hop, isAtHome ? presentation : undefined);
    const next = redirect === 'follow' ? nextHop(response, hop, given.token) : undefined;
    if (redirect === 'error' && isRedirect(response)) return refuse(response);
    if (!next) {
      const isRefused = isAtHome && response.status === 401;
      return { response: hideToken(response, hop.url, presentation), isRefused };
    }
    if (redirects >= mostRedirects) return refuse(response);
    await response.body?.cancel();
    // Who has left is not let in again: another origin wrote the way back.
    isAtHome &&= next.url.origin === base.origin;
    hop = next;
  }
}

async function sendHop(
  fetch: ApiPorts['fetch'],
  { url, request }: Hop,
  presentation: Presentation | undefined,
): Promise<Response> {
  const { init, method, body = null } = request;
  const target = new URL(url);
  const headers = new Headers(request.headers);
  if (presentation?.in === 'header') headers.set(presentation.name, presentation.value);
  if (presentation?.in === 'query') addToQuery(target, presentation);
  return fetch(target, { ...init, method, headers, body, redirect: 'manual' });
}

/** As `fetch` does it. */
async function refuse(response: Response): Promise<never> {
  await response.body?.cancel();
  throw new TypeError('the API redirects, and is not followed');
}

/** What is there stays as it is written, but for a parameter of the token's name. */
function addToQuery(url: URL, { name, value }: Presentation): void {
  if (url.searchParams.has(name)) url.searchParams.delete(name);
  const parameter = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
  url.search = url.search === '' ? parameter : `${url.search}&${parameter}`;
}

/**
 * A response shows its address, and where the token is in the query the address shows the token.
 * What is built anew has none, so that its clones have none either.
 */
function hideToken(response: Response, url: URL, presentation: Presentation): Response {
  if (presentation.in === 'header') return response;
  const { status, statusText, headers, body } = response;
  const address = new URL(url);
  // An API that redirects may have written it on.
  if (address.searchParams.has(presentation.name)) address.searchParams.delete(presentation.name);
  const shown = new Response(body, { status, statusText, headers });
  return Object.defineProperty(shown, 'url', { value: address.href });
}
