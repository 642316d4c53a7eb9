/**
 * Whether a connection has to be refreshed at all, by what is stored of it.
 *
 * @module
 */
import { type EpochSeconds, earlier, later } from '../time.ts';
import type { Connection, RefreshReply, StoredToken } from './ports.ts';
import {
  fresh,
  type RefreshPorts,
  replyFailing,
  replyInProgress,
  replyNeedsReauth,
} from './refresh-replies.ts';
import { isAlive, isTooEarly } from './token-fitness.ts';

/** Why a refresh is asked for. */
export type RefreshCause =
  /** The schedule: refresh if it is still what the connection's row says. */
  | { readonly kind: 'due'; readonly refreshAt: EpochSeconds }
  /** A caller holds this token, or none, and wants a newer one. */
  | { readonly kind: 'demand'; readonly seenFence?: number };

/** What there is to say without a call: it is done, dead, somebody else's, or too early. */
export function answerWithoutCall(
  ports: RefreshPorts,
  seen: {
    readonly row: Connection;
    readonly token: StoredToken | undefined;
    readonly cause: RefreshCause;
  },
): RefreshReply | undefined {
  const { row, token, cause } = seen;
  const now = ports.clock.now();
  if (row.state === 'needs_reauth') return replyNeedsReauth(row, token);
  if (cause.kind === 'due' && !isDue(ports, row, cause.refreshAt)) return fresh(row, token);
  if (cause.kind === 'demand') {
    // Somebody has refreshed since the caller looked: its result is the answer.
    const adopted = adoptNewer(ports, { row, token, seenFence: cause.seenFence ?? -1 });
    if (adopted) return adopted;
    if (token?.sealed && isAlive(ports.clock, token) && isTooEarly(ports.clock, token)) {
      return fresh(row, token);
    }
  }
  if (row.lease && row.lease.until >= earlier(now, ports.timing.clockSkewSeconds)) {
    return replyInProgress(row, token);
  }
  const waiting = cause.kind === 'demand' && row.state === 'failing' ? row.refreshAt : undefined;
  if (waiting !== undefined && waiting > now) return replyFailing(row, token, waiting);
  return undefined;
}

/** By the scheduler's clock it was due; ours may be behind. */
function isDue({ clock, timing }: RefreshPorts, row: Connection, refreshAt: EpochSeconds): boolean {
  return row.refreshAt === refreshAt && refreshAt <= later(clock.now(), timing.clockSkewSeconds);
}

/** The result of somebody else's refresh, if there is one newer than what the caller has seen. */
function adoptNewer(
  { clock, timing }: RefreshPorts,
  seen: {
    readonly row: Connection;
    readonly token: StoredToken | undefined;
    readonly seenFence: number;
  },
): RefreshReply | undefined {
  const { row, token, seenFence } = seen;
  if (token?.sealed && token.fence > seenFence && isAlive(clock, token)) return fresh(row, token);
  // Kept, and about to be published: that takes no longer than its lease would have lasted.
  const isOnItsWay = row.committedFence > Math.max(seenFence, token?.fence ?? -1);
  const isExpected = clock.now() < later(row.lastRefreshedAt, timing.leaseSeconds);
  return isOnItsWay && isExpected ? replyInProgress(row, token) : undefined;
}
