/**
 * Where a request with a token may go.
 *
 * @module
 */
import { InvalidRequest } from './evergrant-error.ts';

const loopback = /^(127\.0\.0\.1|\[::1\]|localhost)$/;

/**
 * The URL of a request to an API.
 *
 * A path stands below the base URL, whether it begins with `/` or not; no path leads above it. An
 * absolute URL, such as an API gives for the next page, is taken if its origin is the API's.
 *
 * @param target - as the caller's code has it; parts of it may be from anywhere.
 * @throws {InvalidRequest} where the token may not go.
 */
export function resolveApiUrl(
  target: string | URL,
  { name, base }: { readonly name: string; readonly base: URL },
): URL {
  const isAbsolute = target instanceof URL || /^[a-z][a-z0-9+.-]*:/i.test(target);
  const url = isAbsolute ? parseUrl(name, target) : below(base, target);
  if (url.origin !== base.origin || url.username !== '' || url.password !== '') {
    throw new InvalidRequest(name, `its token goes to ${base.origin} only`);
  }
  if (!isAbsolute && !isBelow(url, base)) {
    throw new InvalidRequest(name, 'the path leads out of the base URL of the API');
  }
  return url;
}

/**
 * The base URL of an API.
 *
 * @param given - by the caller, or else by the broker.
 * @throws {InvalidRequest} when there is none, or a token would travel there in plain text.
 */
export function readBaseUrl(name: string, given: string | undefined): URL {
  if (given === undefined) {
    throw new InvalidRequest(name, 'where its API is nobody says; give apiBaseUrl');
  }
  const url = parseUrl(name, given);
  if (isConfidential(url)) return url;
  throw new InvalidRequest(name, 'the base URL of its API must be https');
}

/** Whether what is sent there is encrypted, or stays on this machine. */
export function isConfidential({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname));
}

/** The base URL itself for an empty path; a query of both stays. */
function below(base: URL, target: string): URL {
  const [, path = '', query = ''] = /^([^?#]*)\??([^#]*)/.exec(target) ?? [];
  const url = new URL(base);
  if (path !== '') url.pathname = `${folderOf(base)}${path.replace(/^\//, '')}`;
  url.search = [base.search.slice(1), query].filter((part) => part !== '').join('&');
  return url;
}

function isBelow(url: URL, base: URL): boolean {
  return url.pathname === base.pathname || url.pathname.startsWith(folderOf(base));
}

function folderOf({ pathname }: URL): string {
  return pathname.endsWith('/') ? pathname : `${pathname}/`;
}

function parseUrl(name: string, text: string | URL): URL {
  try {
    return new URL(text);
  } catch {
    throw new InvalidRequest(name, 'an address is not a URL');
  }
}
