/**
 * Time, with the unit in the type.
 *
 * Instants that are stored, compared or sent are whole epoch seconds; durations are whole seconds.
 * Milliseconds exist in two places only: a timer's argument, and the floor of a fence.
 *
 * @module
 */

declare const unit: unique symbol;

/** An instant: whole seconds since 1970-01-01T00:00:00Z. Names of such values end in `At`. */
export type EpochSeconds = number & { readonly [unit]: 'EpochSeconds' };

/** A length of time: whole seconds, zero or more. Names of such values end in `Seconds`. */
export type Seconds = number & { readonly [unit]: 'Seconds' };

/** Everything that this software knows of time. Tests and the simulation hold one they can move. */
export interface Clock {
  /** The wall clock, which may be wrong by minutes and may jump back. */
  readonly now: () => EpochSeconds;
  /** The wall clock in milliseconds: the floor of a new fence, and nothing else. */
  readonly nowMs: () => number;
  /** Milliseconds since some fixed moment; never goes back. Deadlines are measured by it. */
  readonly monotonicMs: () => number;
  /** Resolves after `ms` milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000) as EpochSeconds,
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * Marks a number as a length of time.
 *
 * @param count - whole seconds, zero or more.
 * @throws {RangeError} when `count` is negative, fractional or not a number.
 */
export function seconds(count: number): Seconds {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError('a duration must be a whole number of seconds, zero or more');
  }
  return count as Seconds;
}

/** Marks a number as an instant. For values from our own store and from checked input. */
export function epochSeconds(count: number): EpochSeconds {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError('an instant must be a whole number of epoch seconds');
  }
  return count as EpochSeconds;
}

/** The instant `duration` after `instant`. */
export function later(instant: EpochSeconds, duration: Seconds): EpochSeconds {
  return (instant + duration) as EpochSeconds;
}

/** The instant `duration` before `instant`. */
export function earlier(instant: EpochSeconds, duration: Seconds): EpochSeconds {
  return (instant - duration) as EpochSeconds;
}

/** How long from `now` until `instant`; zero when it has passed. */
export function until(instant: EpochSeconds, now: EpochSeconds): Seconds {
  return Math.max(0, instant - now) as Seconds;
}
