import { type Clock, type EpochSeconds, epochSeconds } from '../../lib/time.ts';

/** A clock that moves only when a test or a sleeper says so. */
export interface MovingClock extends Clock {
  /** Lets time pass, and wakes those whose time has come, earliest first. */
  readonly advance: (ms: number) => Promise<void>;
  /** Sets the wall clock alone, as an operator or NTP might: it may jump back. */
  readonly setWallClock: (at: EpochSeconds) => void;
}

interface Sleeper {
  readonly wakesAtMs: number;
  readonly wake: () => void;
}

/** 2026-11-22T00:00:00Z: where time begins in tests that do not say. */
export const aMoment = epochSeconds(1_795_305_600);

/**
 * A clock that begins at `at` and takes no real time.
 *
 * A sleeper needs nobody to wake it: once everything else that is ready has run, time jumps to the
 * earliest sleeper's moment. So a poll loop of a minute ends at once, in the right order.
 */
export function movingClock(at: EpochSeconds = aMoment): MovingClock {
  let elapsedMs = 0;
  let wallOffsetMs = at * 1000;
  let sleepers: readonly Sleeper[] = [];

  const wakeUntil = (untilMs: number) => {
    elapsedMs = Math.max(elapsedMs, untilMs);
    const due = sleepers
      .filter(({ wakesAtMs }) => wakesAtMs <= elapsedMs)
      .toSorted((one, other) => one.wakesAtMs - other.wakesAtMs);
    sleepers = sleepers.filter((sleeper) => !due.includes(sleeper));
    for (const { wake } of due) wake();
  };

  const wakeEarliest = () => {
    if (sleepers.length === 0) return;
    wakeUntil(Math.min(...sleepers.map(({ wakesAtMs }) => wakesAtMs)));
  };

  return {
    now: () => epochSeconds(Math.floor((wallOffsetMs + elapsedMs) / 1000)),
    nowMs: () => wallOffsetMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers = [...sleepers, { wakesAtMs: elapsedMs + Math.max(0, ms), wake }];
        setImmediate(wakeEarliest);
      }),
    advance: async (ms) => {
      wakeUntil(elapsedMs + ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    setWallClock: (wallClock) => {
      wallOffsetMs = wallClock * 1000 - elapsedMs;
    },
  };
}
