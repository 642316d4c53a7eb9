/**
 * Whether every URL parser reads the same in a text: an `http` or `https` URL with an authority and
 * without user, fragment, `\`, white space, control characters or `//` in its path.
 *
 * An `@` behind the authority is an ordinary character (RFC 3986 §3.3, §3.4); within it, it would
 * part a user from the host.
 */
export function isPlainUrl(text: string): boolean {
  if (/[\p{Cc}\s\\#]/u.test(text) || !/^https?:\/\/[^/?@]+(?:[/?]|$)/.test(text)) return false;
  return URL.canParse(text) && !new URL(text).pathname.includes('//');
}
