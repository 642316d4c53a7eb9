/** However far away a provider's date is: a connection is not put off for longer. */
const longestSeconds = 86_400;

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or an HTTP date.
 *
 * @param text - the header; untrusted.
 * @returns whole seconds from now, at most a day; undefined when absent or malformed.
 */
export function readRetryAfterSeconds(text: string | undefined, nowMs: number): number | undefined {
  const trimmed = text?.trim() ?? '';
  const waitSeconds = /^\d+$/.test(trimmed)
    ? Number(trimmed)
    : / GMT$/.test(trimmed)
      ? Math.ceil((Date.parse(trimmed) - nowMs) / 1000)
      : Number.NaN;
  return Number.isNaN(waitSeconds) ? undefined : Math.min(Math.max(waitSeconds, 0), longestSeconds);
}
