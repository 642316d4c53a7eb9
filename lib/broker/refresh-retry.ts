/**
 * When a connection may be tried again after an attempt that brought no token.
 *
 * @module
 */
import type { Client } from '../providers/client.ts';
import { type EpochSeconds, later, seconds, until } from '../time.ts';
import { fencedAt } from './fence.ts';
import type { Connection, Intent } from './ports.ts';
import type { RefreshPorts } from './refresh-replies.ts';
import { silenceEndsAt } from './refresh-timing.ts';
import { retryDelaySeconds } from './schedule.ts';

/** How long before its end an access token no longer counts as serving. */
export const leastLifeSeconds = 60;

type Doubtful = Pick<
  Connection,
  'fence' | 'intent' | 'lease' | 'accessTokenExpiresAt' | 'refreshAt'
>;
type Ports = Pick<RefreshPorts, 'timing' | 'clock'>;

const never = 0 as EpochSeconds;

/**
 * Until when a refresh token whose fate is unknown must not be sent again.
 *
 * Where a refresh token may be used once only, the answer that we did not hear may have replaced
 * it, and sending it again may end the whole grant (RFC 9700 §4.14.2). So we wait until every way
 * in which that answer could still reach us is exhausted, and then as long as the access token
 * serves; within a grace, only as long as that asks for.
 *
 * @param row - its lease, if it has one, ended without a word: that attempt's answer may be on its
 *   way although the intent is an older one's. Its fence tells when the newest attempt began.
 * @returns the moment; in the past when nothing is in doubt.
 */
export function undecidedUntil(ports: Ports, client: Client, row: Doubtful): EpochSeconds {
  const { intent, accessTokenExpiresAt } = row;
  if (!intent || client.definition.rotation === 'none') return never;
  const grace = graceOf(ports, client, { ...row, intent });
  if (grace && ports.clock.now() < grace.endsAt) return grace.beginsAt;
  const serves = (accessTokenExpiresAt ?? 0) - leastLifeSeconds;
  return Math.max(arrivalOf(ports, row, intent.at), serves) as EpochSeconds;
}

/**
 * When to try again: with backoff, never before the provider said, never while a refresh token is
 * in doubt; and while a grace lasts, within that.
 *
 * @param failed.row - with the intent of the oldest attempt that leaves the refresh token in doubt, if
 *   there is one, and the fence of the newest.
 */
export function planRetry(
  ports: Ports & Pick<RefreshPorts, 'random'>,
  client: Client,
  failed: {
    readonly row: Connection;
    readonly retryAfterSeconds?: number;
  },
): { readonly refreshAt: EpochSeconds; readonly inDoubt: boolean } {
  const { row, retryAfterSeconds } = failed;
  const { intent } = row;
  const now = ports.clock.now();
  const graceEnd = (intent && graceOf(ports, client, { ...row, intent })?.endsAt) ?? never;
  const delay = retryDelaySeconds(row.failures + 1, ports.random(), {
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(graceEnd > now && { mostSeconds: until(graceEnd, now) / 2 }),
  });
  const safeIn = until(undecidedUntil(ports, client, row), now);
  return { refreshAt: later(now, seconds(Math.max(delay, safeIn))), inDoubt: safeIn > 0 };
}

/**
 * When a refresh token that was replaced may be sent again, where the provider grants that; undefined
 * when it does not. While the oldest doubt's grace lasts, at once. After it the newest attempt's, once
 * no answer can arrive any more: a token that was replaced before has ended the grant by then, and
 * one that was not may have been replaced by that attempt.
 */
function graceOf(
  ports: Ports,
  { definition: { rotation } }: Client,
  row: Doubtful & { readonly intent: Intent },
): { readonly beginsAt: EpochSeconds; readonly endsAt: EpochSeconds } | undefined {
  if (typeof rotation !== 'object') return undefined;
  const grace = seconds(rotation.grace_seconds);
  const oldestEnd = later(row.intent.at, grace);
  const newestAt = fencedAt(row.fence);
  const now = ports.clock.now();
  // A restored table may hold fences of the future, which tell nothing.
  if (now < oldestEnd || newestAt > now) return { beginsAt: never, endsAt: oldestEnd };
  const beginsAt = arrivalOf(ports, row, newestAt);
  const endsAt = later(newestAt, grace);
  return beginsAt < endsAt ? { beginsAt, endsAt } : undefined;
}

/**
 * By when the answer of an attempt must have arrived, however it travels. A moment after the one that
 * the attempt itself has set was set by somebody who saw the doubt: the wait has begun. Until then our
 * store may be away, and the answer waits for it as we do.
 */
function arrivalOf(
  { timing, clock }: Ports,
  { lease, refreshAt }: Doubtful,
  sentAt: EpochSeconds,
): EpochSeconds {
  const leaseEnd = Math.max(later(sentAt, timing.leaseSeconds), lease?.until ?? 0) as EpochSeconds;
  const isObserved = refreshAt !== undefined && refreshAt > silenceEndsAt(timing, leaseEnd);
  const arrived = isObserved
    ? Math.max(leaseEnd + timing.recoveryDelaySeconds, refreshAt)
    : Math.max(leaseEnd, clock.now()) + timing.recoveryDelaySeconds;
  return arrived as EpochSeconds;
}
