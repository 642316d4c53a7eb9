/**
 * The cookie that binds an authorization to one browser (RFC 6749 §10.12).
 *
 * @module
 */
import type { Secret } from '../secret.ts';

/**
 * Cookies of one name per transaction, so that two tabs do not disturb each other. Over https the
 * name has the `__Host-` prefix, which keeps other hosts and plain http from setting it.
 */
const cookieName = 'evergrant-';

/** More than a person opens at once; a browser that sends more is not worth the work. */
const mostCookies = 50;

/** The value of a `Set-Cookie` header. @param publicBaseUrl - decides between https and not. */
export function writeTransactionCookie(
  cookie: {
    readonly label: string;
    readonly value: Secret<'cookie'>;
    readonly maxAgeSeconds: number;
  },
  publicBaseUrl: string,
): string {
  const { label, value, maxAgeSeconds } = cookie;
  return writeCookie({ label, text: value.reveal(), maxAgeSeconds }, publicBaseUrl);
}

/** The `Set-Cookie` header that ends a transaction's cookie. */
export function expireTransactionCookie(label: string, publicBaseUrl: string): string {
  return writeCookie({ label, text: '', maxAgeSeconds: 0 }, publicBaseUrl);
}

function writeCookie(
  cookie: { readonly label: string; readonly text: string; readonly maxAgeSeconds: number },
  publicBaseUrl: string,
): string {
  const secure = isSecure(publicBaseUrl);
  const name = `${prefix(secure)}${cookieName}${cookie.label}`;
  const attributes = ['Path=/', `Max-Age=${cookie.maxAgeSeconds}`, 'HttpOnly', 'SameSite=Lax'];
  return [`${name}=${cookie.text}`, ...attributes, ...(secure ? ['Secure'] : [])].join('; ');
}

/**
 * The transactions of a request's cookies, by label.
 *
 * @param cookies - `name=value` each, as API Gateway parts them; untrusted.
 */
export function readTransactionCookies(
  cookies: readonly string[],
  publicBaseUrl: string,
): ReadonlyMap<string, string> {
  const start = `${prefix(isSecure(publicBaseUrl))}${cookieName}`;
  const found = new Map<string, string>();
  for (const cookie of cookies.filter((text) => text.startsWith(start)).slice(0, mostCookies)) {
    const [, name, value] = /^([^=]*)=([A-Za-z0-9_-]{43})$/.exec(cookie) ?? [];
    if (name && value) found.set(name.slice(start.length), value);
  }
  return found;
}

const isSecure = (publicBaseUrl: string) => publicBaseUrl.startsWith('https:');
const prefix = (secure: boolean) => (secure ? '__Host-' : '');
