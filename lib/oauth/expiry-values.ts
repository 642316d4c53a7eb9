import { type EpochSeconds, epochSeconds, type Seconds, seconds } from '../time.ts';

/** What lasts ten years or longer is a mistake, or a way to say "for ever". */
const absurdSeconds = 315_360_000;

/** From here on a number cannot be an instant in seconds (the year 5138), but one in milliseconds. */
const millisecondsFrom = 100_000_000_000;

/** `2026-11-22T10:00:00Z`, with an offset or a fraction; never without the zone. */
const iso8601 = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/i;

/**
 * Reads a duration such as `expires_in` (RFC 6749 §5.1): a number, or one in a string.
 *
 * @param value - from an answer; untrusted.
 * @returns undefined, that is unknown, for anything but more than zero and less than ten years:
 *   providers send 0, -1 and absurd values for "I do not say".
 */
export function readDuration(
  value: unknown,
  unit: 'seconds' | 'milliseconds',
): Seconds | undefined {
  const count = readNumber(value);
  if (count === undefined) return undefined;
  const whole = Math.floor(unit === 'milliseconds' ? count / 1000 : count);
  return whole > 0 && whole < absurdSeconds ? seconds(whole) : undefined;
}

/**
 * Reads an instant: epoch seconds, epoch milliseconds or ISO 8601 with a zone.
 *
 * @param value - from an answer; untrusted.
 */
export function readInstant(value: unknown): EpochSeconds | undefined {
  const count =
    typeof value === 'string' && iso8601.test(value.trim())
      ? Date.parse(value.trim())
      : readNumber(value);
  if (count === undefined || !(count > 0)) return undefined;
  const whole = Math.floor(count >= millisecondsFrom ? count / 1000 : count);
  return Number.isSafeInteger(whole) ? epochSeconds(whole) : undefined;
}

/** Whether an expiry is one that can be planned with: to come, and within ten years. */
export function isPlausibleExpiry(expiresAt: number, from: EpochSeconds): boolean {
  return expiresAt > from && expiresAt < from + absurdSeconds;
}

function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && /^\s*\d{1,15}(?:\.\d+)?\s*$/.test(value)
    ? Number(value)
    : undefined;
}
