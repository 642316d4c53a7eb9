/**
 * When a connection is refreshed: pure arithmetic over what the provider said.
 *
 * @module
 */
import type { ExpirySource } from '../oauth/token-endpoint.ts';
import type { Definition } from '../providers/definition.ts';
import { type EpochSeconds, type Seconds, seconds } from '../time.ts';
import type { RenewalKind, Schedule } from './ports.ts';
import { planReminder, type ReminderPlan, renewalEnd } from './renewal-end.ts';

/** How much of an access token's life is left when it is refreshed: a ratio, so no two contradict. */
const marginRatio = 0.2;
const leastMarginSeconds = 60;
const mostMarginSeconds = 3600;
/** At which part of its idle limit a refresh token is used to keep it alive. */
const idleRatio = 0.75;
/** A refresh-token end nearer than this was not moved by the last refresh: no use to hurry again. */
const leastGainSeconds = 3600;

interface Lives {
  readonly obtainedAt: EpochSeconds;
  readonly accessTokenExpiresAt?: EpochSeconds;
  readonly expirySource: ExpirySource;
  readonly refreshTokenExpiresAt?: EpochSeconds;
  /** What was known before this refresh; absent: it has just been connected. */
  readonly previous?: ReminderPlan;
}

/**
 * The schedule that follows from an answer.
 *
 * A connection that cannot renew itself is looked at when its token ends, to be reported; one whose
 * token's end is unknown is not scheduled, save to keep an idle refresh token alive.
 *
 * @param random - from 0 to 1, spreads connections that were made at once over half the margin.
 */
export function buildSchedule(
  lives: Lives,
  { lifetimes, renewal }: { lifetimes: Definition['lifetimes']; renewal: readonly RenewalKind[] },
  random: number,
): Schedule {
  const { obtainedAt, accessTokenExpiresAt, expirySource, refreshTokenExpiresAt, previous } = lives;
  const moments: number[] = [];
  const allowed = allowing(lifetimes.not_before_expiry_seconds, accessTokenExpiresAt);
  if (accessTokenExpiresAt !== undefined) {
    const lifetime = Math.max(0, accessTokenExpiresAt - obtainedAt);
    if (renewal.length === 0) moments.push(accessTokenExpiresAt);
    else if (!isOnDemandOnly(lifetimes)) {
      moments.push(allowed(accessTokenExpiresAt - margin(lifetime, random)));
    }
  }
  if (renewal.includes('refresh_token')) {
    const idle = lifetimes.refresh_token_idle_seconds;
    if (idle !== undefined) moments.push(allowed(obtainedAt + Math.floor(idle * idleRatio)));
    const end = refreshTokenExpiresAt;
    if (end !== undefined && end - obtainedAt > 2 * leastGainSeconds) {
      moments.push(allowed(end - leastGainSeconds));
    }
  }
  const renewAt = moments.length > 0 ? (Math.min(...moments) as EpochSeconds) : undefined;
  const end = renewalEnd(lives, renewal);
  const mayRefresh = (at: EpochSeconds) =>
    renewal.length > 0 && !isOnDemandOnly(lifetimes) && allowed(at) <= at;
  return {
    expirySource,
    ...(accessTokenExpiresAt !== undefined && { accessTokenExpiresAt }),
    ...(refreshTokenExpiresAt !== undefined && { refreshTokenExpiresAt }),
    ...(end === undefined
      ? renewAt !== undefined && { refreshAt: renewAt }
      : planReminder({ end, obtainedAt, renewAt, previous, mayRefresh })),
  };
}

/** A schedule that runs every minute cannot be sure to hit a span shorter than this. */
const leastSpanSeconds = 90;

/** Whether the provider refreshes so late only that it has to be a caller who asks for it. */
function isOnDemandOnly({ not_before_expiry_seconds: span }: Definition['lifetimes']): boolean {
  return span !== undefined && span < leastSpanSeconds;
}

/**
 * The moment before which the provider does not refresh an access token; undefined where there is
 * none.
 */
export function refreshNotBefore(
  { not_before_expiry_seconds: span }: Definition['lifetimes'],
  expiresAt: EpochSeconds | undefined,
): EpochSeconds | undefined {
  if (span === undefined || expiresAt === undefined) return undefined;
  return Math.max(0, expiresAt - span) as EpochSeconds;
}

/** Puts a moment off until the provider refreshes: in the token's last span, or once it has ended. */
function allowing(span: number | undefined, expiresAt: EpochSeconds | undefined) {
  if (span === undefined || expiresAt === undefined) return (moment: number) => moment;
  const earliest = span < leastSpanSeconds ? expiresAt : expiresAt - span;
  return (moment: number) => Math.max(moment, earliest);
}

function margin(lifetime: number, random: number): number {
  const bounded = Math.min(
    Math.max(lifetime * marginRatio, leastMarginSeconds),
    mostMarginSeconds,
    lifetime / 2,
  );
  return Math.floor(bounded * (1 - random / 2));
}

/** When renewal is announced to be coming to its end: a week before, or half of what there is. */
const announceSeconds = 7 * 24 * 3600;

/**
 * From when on callers are warned that a person will have to connect again; undefined: no end is
 * known.
 */
export function renewalEndAnnouncedAt(
  schedule: Schedule,
  renewal: readonly RenewalKind[],
  obtainedAt: EpochSeconds,
): EpochSeconds | undefined {
  const end = renewalEnd(schedule, renewal);
  if (end === undefined) return undefined;
  return Math.floor(end - Math.min(announceSeconds, (end - obtainedAt) / 2)) as EpochSeconds;
}

/** The first and the longest wait between two tries. */
const firstRetrySeconds = 60;
const longestRetrySeconds = 3600;

/**
 * How long to wait after a failure: exponential with full jitter, never less than the provider
 * asked, up to a day.
 *
 * @param failures - how many in a row, this one included.
 * @param random - from 0 to 1.
 * @param bounds.mostSeconds - the longest wait that the provider did not ask for.
 */
export function retryDelaySeconds(
  failures: number,
  random: number,
  bounds: { readonly retryAfterSeconds?: number; readonly mostSeconds?: number } = {},
): Seconds {
  const { retryAfterSeconds = 0, mostSeconds = longestRetrySeconds } = bounds;
  const ceiling = Math.min(mostSeconds, firstRetrySeconds * 2 ** Math.min(failures - 1, 10));
  // A floor of a tenth, since "at once" is no wait.
  const backoff = Math.ceil(ceiling * (0.1 + 0.9 * random));
  return seconds(Math.max(backoff, Math.min(Math.ceil(retryAfterSeconds), 24 * 3600)));
}
