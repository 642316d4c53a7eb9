/**
 * Which redirects of an API are followed, and with what.
 *
 * @module
 */
import type { AccessToken } from './access-token.ts';
import { isConfidential } from './api-address.ts';
import { type ApiRequest, leaveOrigin, mayRepeat, redirectRequest } from './api-request.ts';

/** One request of a chain of redirects, without the token. */
export interface Hop {
  readonly url: URL;
  readonly request: ApiRequest;
}

const redirectStatuses = [301, 302, 303, 307, 308];

/** Whether an answer says to look elsewhere (RFC 9110 §15.4). */
export function isRedirect({ status, headers }: Response): boolean {
  return redirectStatuses.includes(status) && headers.has('location');
}

/**
 * The request that a response redirects to.
 *
 * @returns undefined for an answer that is not followed: no redirect, a body that cannot be sent
 *   again or would go to another origin, an address in plain text, or one that the token is in.
 */
export function nextHop(response: Response, from: Hop, token: AccessToken): Hop | undefined {
  const location = response.headers.get('location');
  if (!isRedirect(response) || location === null) return undefined;
  if (!URL.canParse(location, from.url.href)) return undefined;
  const url = new URL(location, from.url);
  const request = redirectRequest(from.request, response.status);
  if (!isConfidential(url) || !mayRepeat(request)) return undefined;
  if (url.origin === from.url.origin) return { url, request };
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  // A server that writes the query on into its redirect would have us hand the token on.
  const tells = holds(url, token.reveal());
  return isRead && !tells ? { url, request: leaveOrigin(request) } : undefined;
}

function holds({ href }: URL, value: string): boolean {
  return href.includes(value) || href.includes(encodeURIComponent(value));
}
