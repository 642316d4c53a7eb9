import { Fault } from '../fault.ts';
import type { Settings } from '../settings.ts';
import { type Clock, type EpochSeconds, type Seconds, seconds } from '../time.ts';

/** The durations of a refresh. They must fit into each other, or two workers could call at once. */
export interface RefreshTiming {
  /** How long a lease lasts. */
  readonly leaseSeconds: Seconds;
  /** The deadline of one call to a provider. */
  readonly providerTimeoutSeconds: Seconds;
  /** What is kept back of a lease for storing the answer. */
  readonly storeWriteSeconds: Seconds;
  /** By how much two machines' clocks may differ. */
  readonly clockSkewSeconds: Seconds;
  /** How long a stored answer may travel through the recovery queue. */
  readonly recoveryDelaySeconds: Seconds;
}

/** What the platform allows around a refresh, as deployed. */
export interface RefreshLimits {
  /** How long an invocation may run. */
  readonly functionTimeoutSeconds: Seconds;
  /** How long the queue hides a message that is being worked on. */
  readonly visibilitySeconds: Seconds;
}

/**
 * How long an answer may be on its way round through the recovery queue: its delay, one more try
 * after the visibility timeout, and the time to store it.
 */
export const recoveryDelaySeconds = seconds(150);

/**
 * Refuses durations that contradict each other: with them, two workers could call at once, or no
 * answer could be kept.
 *
 * @throws {Fault} `CONFIGURATION_INVALID` naming the numbers of each contradiction.
 */
export function assertTiming(timing: RefreshTiming, limits: RefreshLimits): RefreshTiming {
  const { leaseSeconds, providerTimeoutSeconds, storeWriteSeconds } = timing;
  const { functionTimeoutSeconds, visibilitySeconds } = limits;
  const problems: string[] = [];
  if (leaseSeconds <= providerTimeoutSeconds + storeWriteSeconds) {
    problems.push(
      `LEASE_SECONDS (${leaseSeconds}) must be more than REFRESH_PROVIDER_TIMEOUT_SECONDS` +
        ` (${providerTimeoutSeconds}) plus STORE_WRITE_SECONDS (${storeWriteSeconds})`,
    );
  }
  if (functionTimeoutSeconds <= leaseSeconds) {
    problems.push(
      `REFRESH_TIMEOUT_SECONDS (${functionTimeoutSeconds}) must be more than LEASE_SECONDS` +
        ` (${leaseSeconds})`,
    );
  }
  if (visibilitySeconds <= functionTimeoutSeconds) {
    problems.push(
      `REFRESH_VISIBILITY_SECONDS (${visibilitySeconds}) must be more than` +
        ` REFRESH_TIMEOUT_SECONDS (${functionTimeoutSeconds})`,
    );
  }
  if (problems.length > 0) throw new Fault('CONFIGURATION_INVALID', { problems });
  return timing;
}

/** The settings that durations are read from. */
export const timingSettings = [
  'REFRESH_PROVIDER_TIMEOUT_SECONDS',
  'STORE_WRITE_SECONDS',
  'LEASE_SECONDS',
  'REFRESH_TIMEOUT_SECONDS',
  'REFRESH_VISIBILITY_SECONDS',
] as const;

/** The durations as deployed. @throws {Fault} `CONFIGURATION_INVALID`, as {@link assertTiming}. */
export function readTiming(settings: Settings<(typeof timingSettings)[number]>): RefreshTiming {
  return assertTiming(
    {
      leaseSeconds: settings.LEASE_SECONDS,
      providerTimeoutSeconds: settings.REFRESH_PROVIDER_TIMEOUT_SECONDS,
      storeWriteSeconds: settings.STORE_WRITE_SECONDS,
      clockSkewSeconds: seconds(5),
      recoveryDelaySeconds,
    },
    {
      functionTimeoutSeconds: settings.REFRESH_TIMEOUT_SECONDS,
      visibilitySeconds: settings.REFRESH_VISIBILITY_SECONDS,
    },
  );
}

/** The time that one attempt has, by the monotonic clock: a wall clock that jumps changes nothing. */
export interface AttemptTime {
  readonly now: EpochSeconds;
  /** Milliseconds until lease or invocation end, whichever comes first. */
  readonly remainingMs: () => number;
  /** Milliseconds until the invocation ends, whatever became of the lease. */
  readonly invocationMs: () => number;
  /** Whether a call to the provider, and storing its answer, still fit. */
  readonly fitsCall: () => boolean;
}

/**
 * Starts the watch of an attempt. Call it before the lease is written, so that it never ends late.
 *
 * @param deadlineMs - the invocation's end on the monotonic clock.
 */
export function beginAttemptTime(
  clock: Clock,
  timing: RefreshTiming,
  deadlineMs: number,
): AttemptTime {
  const leaseEndMs = clock.monotonicMs() + timing.leaseSeconds * 1000;
  const remainingMs = () => Math.min(leaseEndMs, deadlineMs) - clock.monotonicMs();
  const callMs = (timing.providerTimeoutSeconds + timing.storeWriteSeconds) * 1000;
  const invocationMs = () => deadlineMs - clock.monotonicMs();
  const fitsCall = () => remainingMs() >= callMs;
  return { now: clock.now(), remainingMs, invocationMs, fitsCall };
}
