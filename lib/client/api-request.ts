/**
 * A request to an API before a token is in it: what may be sent again, and what becomes of it by a
 * redirect.
 *
 * @module
 */

export interface ApiRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body: RequestInit['body'];
  /** What else `fetch` was given. */
  readonly init: RequestInit;
}

/** Of a request that is moved to another origin, what goes along: nothing that could be a credential. */
const plainHeaders = ['accept', 'accept-language', 'range', 'user-agent'];

/** Reads the arguments of `fetch`; `init` wins over what a `Request` says. */
export function readApiRequest(
  input: string | URL | Request,
  init: RequestInit,
): { readonly target: string | URL; readonly request: ApiRequest } {
  if (!(input instanceof Request)) return { target: input, request: requestOf(init) };
  return { target: input.url, request: requestOf({ ...initOf(input), ...init }) };
}

function requestOf(init: RequestInit): ApiRequest {
  const { method = 'GET', headers, body } = init;
  return { method: method.toUpperCase(), headers: new Headers(headers), body, init };
}

function initOf({ method, headers, body, redirect, signal }: Request): RequestInit {
  return { method, headers, redirect, signal, ...(body && { body, duplex: 'half' }) };
}

const wholeBodies = [ArrayBuffer, Blob, FormData, URLSearchParams];

/** Whether its body can be sent a second time: it is no stream. */
export function mayRepeat({ body = null }: ApiRequest): boolean {
  const isPlain = body === null || typeof body === 'string' || ArrayBuffer.isView(body);
  return isPlain || wholeBodies.some((kind) => body instanceof kind);
}

/**
 * What a redirect makes of a request, as `fetch` does it: a POST becomes a GET by 301 and 302, and
 * anything but HEAD by 303 (RFC 9110 §15.4).
 */
export function redirectRequest(request: ApiRequest, status: number): ApiRequest {
  const { method } = request;
  const isPosted = method === 'POST' && (status === 301 || status === 302);
  const isAnswered = status === 303 && method !== 'GET' && method !== 'HEAD';
  if (!isPosted && !isAnswered) return request;
  const headers = without(request.headers, (name) => name.startsWith('content-'));
  return { ...request, method: 'GET', headers, body: undefined };
}

/** What goes to another origin: nothing that was meant for the first alone. */
export function leaveOrigin(request: ApiRequest): ApiRequest {
  const headers = without(request.headers, (name) => !plainHeaders.includes(name));
  return { ...request, headers };
}

function without(headers: Headers, isLeft: (name: string) => boolean): Headers {
  return new Headers([...headers].filter(([name]) => !isLeft(name)));
}
