import type { Clock, EpochSeconds } from '../time.ts';

/**
 * The next fence of a connection: higher than every one that was seen, and higher than any that
 * was given before the clock's present, so that it grows across deletes and restored tables too.
 *
 * @param seen - the highest fence that the row tells of; undefined when there is no row.
 */
export function nextFence(seen: number | undefined, clock: Clock): number {
  return Math.max((seen ?? 0) + 1, clock.nowMs());
}

/** When the attempt of this fence began; later than that only where clocks have jumped. */
export function fencedAt(fence: number): EpochSeconds {
  return Math.floor(fence / 1000) as EpochSeconds;
}
