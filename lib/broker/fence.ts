import type { Clock } from '../time.ts';

/**
 * The next fence of a connection: higher than every one that was seen, and higher than any that
 * was given before the clock's present, so that it grows across deletes and restored tables too.
 *
 * @param seen - the highest fence that the row tells of; undefined when there is no row.
 */
export function nextFence(seen: number | undefined, clock: Clock): number {
  return Math.max((seen ?? 0) + 1, clock.nowMs());
}
