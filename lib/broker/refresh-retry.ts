/**
 * When a connection may be tried again after an attempt that brought no token.
 *
 * @module
 */
import type { Client } from '../providers/client.ts';
import { type EpochSeconds, later, seconds, until } from '../time.ts';
import type { Connection, Intent } from './ports.ts';
import type { RefreshPorts } from './refresh-replies.ts';
import { retryDelaySeconds } from './schedule.ts';

/** How long before its end an access token no longer counts as serving. */
export const leastLifeSeconds = 60;

type Doubtful = Pick<Connection, 'intent' | 'lease' | 'accessTokenExpiresAt' | 'refreshAt'>;

/**
 * Until when a refresh token whose fate is unknown must not be sent again.
 *
 * Where a refresh token may be used once only, the answer that we did not hear may have replaced
 * it, and sending it again may end the whole grant (RFC 9700 §4.14.2). So we wait until every way
 * in which that answer could still reach us is exhausted, and then as long as the access token
 * serves.
 *
 * @param row - its lease, if it has one, ended without a word: that attempt's answer may be on its
 *   way although the intent is an older one's.
 * @returns the moment; in the past when nothing is in doubt.
 */
export function undecidedUntil(
  { timing, clock }: Pick<RefreshPorts, 'timing' | 'clock'>,
  client: Client,
  { intent, lease, accessTokenExpiresAt, refreshAt }: Doubtful,
): EpochSeconds {
  const never = 0 as EpochSeconds;
  if (!intent || client.definition.rotation === 'none') return never;
  const graceEnd = graceEndOf(client, intent);
  if (graceEnd !== undefined && clock.now() < graceEnd) return never;
  const leaseEnd = Math.max(later(intent.at, timing.leaseSeconds), lease?.until ?? 0);
  // A moment after the lease's end was set by somebody who saw the doubt: the wait has begun. Until
  // then our store may be away, and the answer waits for it as we do.
  const isObserved = refreshAt !== undefined && refreshAt > leaseEnd;
  const arrived = isObserved
    ? Math.max(leaseEnd + timing.recoveryDelaySeconds, refreshAt)
    : Math.max(leaseEnd, clock.now()) + timing.recoveryDelaySeconds;
  const serves = (accessTokenExpiresAt ?? 0) - leastLifeSeconds;
  return Math.max(arrived, serves) as EpochSeconds;
}

/**
 * When to try again: with backoff, never before the provider said, never while a refresh token is
 * in doubt; and while its grace lasts, within that.
 *
 * @param intent - of the attempt that leaves the refresh token in doubt; undefined when none does.
 */
export function planRetry(
  ports: Pick<RefreshPorts, 'timing' | 'clock' | 'random'>,
  client: Client,
  failed: {
    readonly row: Connection;
    readonly intent: Intent | undefined;
    readonly retryAfterSeconds?: number;
  },
): { readonly refreshAt: EpochSeconds; readonly inDoubt: boolean } {
  const { row, intent, retryAfterSeconds } = failed;
  const now = ports.clock.now();
  const graceEnd = intent && graceEndOf(client, intent);
  const delay = retryDelaySeconds(row.failures + 1, ports.random(), {
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(graceEnd !== undefined && graceEnd > now && { mostSeconds: until(graceEnd, now) / 2 }),
  });
  const safeIn = intent ? until(undecidedUntil(ports, client, { ...row, intent }), now) : 0;
  return { refreshAt: later(now, seconds(Math.max(delay, safeIn))), inDoubt: safeIn > 0 };
}

/** Until when a refresh token that was replaced still works; undefined when it never does. */
function graceEndOf({ definition }: Client, { at }: Intent): EpochSeconds | undefined {
  const { rotation } = definition;
  return typeof rotation === 'object' ? later(at, seconds(rotation.grace_seconds)) : undefined;
}
