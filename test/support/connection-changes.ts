/**
 * What each write of a `ConnectionStore` makes of a row; undefined where its condition is false.
 *
 * @module
 */
import type {
  Committed,
  Connection,
  ConnectionStore,
  Failure,
  NewConnection,
  Schedule,
  Seen,
} from '../../lib/broker/ports.ts';
import { earlier } from '../../lib/time.ts';
import { without } from './without.ts';

type Acquisition = Parameters<ConnectionStore['acquire']>[0];

type Death = Parameters<ConnectionStore['markDead']>[2];

export function connected(next: NewConnection): Connection {
  return {
    ...next,
    state: 'active',
    committedFence: next.fence,
    credentialFence: next.fence,
    failures: 0,
  };
}

export function isLiveAsSeen(row: Connection, seen: Seen): boolean {
  return (
    row.state !== 'needs_reauth' &&
    row.fence === seen.fence &&
    row.committedFence === seen.committedFence
  );
}

export function markedDead(
  row: Connection,
  seen: Seen & { readonly credentialFence: number },
  { reason, since }: Death,
): Connection | undefined {
  if (!isLiveAsSeen(row, seen) || row.credentialFence !== seen.credentialFence) return undefined;
  return {
    ...without(row, 'lease', 'intent', 'refreshAt'),
    state: 'needs_reauth',
    reason,
    needsReauthSince: since,
  };
}

export function acquired(row: Connection, input: Acquisition): Connection | undefined {
  const { seen, fence, lease, now, clockSkewSeconds, credentialFence } = input;
  if (!isLiveAsSeen(row, seen) || fence <= row.fence) return undefined;
  if (row.lease && row.lease.until >= earlier(now, clockSkewSeconds)) return undefined;
  return {
    ...row,
    fence,
    lease,
    intent: row.intent ?? { fence, at: now, credentialFence },
  };
}

export function markedUncertain(
  row: Connection,
  input: Parameters<ConnectionStore['markUncertain']>[0],
): Connection | undefined {
  const { seen, intent, now, clockSkewSeconds, refreshAt } = input;
  if (!isLiveAsSeen(row, seen) || intent.fence <= row.fence) return undefined;
  if (row.lease && row.lease.until >= earlier(now, clockSkewSeconds)) return undefined;
  return {
    ...without(row, 'lease'),
    fence: intent.fence,
    intent: row.intent ?? intent,
    ...(refreshAt !== undefined && { refreshAt }),
  };
}

export function released(row: Connection, fence: number): Connection | undefined {
  if (row.fence !== fence) return undefined;
  return without(withoutIntentOf(row, fence), 'lease');
}

export function failed(row: Connection, fence: number, failure: Failure): Connection | undefined {
  if (row.fence !== fence || row.state === 'needs_reauth') return undefined;
  const { failures, failingSince, refreshAt, intentSettled } = failure;
  return {
    ...without(intentSettled ? withoutIntentOf(row, fence) : row, 'lease', 'refreshAt'),
    state: 'failing',
    failures,
    failingSince,
    ...(refreshAt !== undefined && { refreshAt }),
  };
}

export function committed(
  row: Connection,
  fence: number,
  answer: Committed,
): Connection | undefined {
  if (row.fence !== fence || row.committedFence > fence) return undefined;
  return healthy(without(answered(row, answer), 'lease', 'intent'));
}

export function lateCommitted(
  row: Connection,
  fence: number,
  answer: Committed,
): Connection | undefined {
  if (row.committedFence >= fence) return undefined;
  const kept = row.credentialFence < fence ? answer : without(answer, 'credential');
  const brings = row.credentialFence < fence && answer.credential !== undefined;
  const isLast = row.fence === fence || brings;
  const next = isLast ? withoutIntentOf(answered(row, kept), fence) : answered(row, kept);
  const staysDead = row.state === 'needs_reauth' && (row.reason !== 'answer_lost' || !brings);
  return staysDead ? without(next, 'refreshAt') : healthy(next);
}

/** The row with what an answer says. What it does not say keeps its value; a schedule is whole. */
function answered(row: Connection, answer: Committed): Connection {
  const { credential, ...members } = answer;
  return {
    ...withoutSchedule(row),
    ...members,
    ...(credential && {
      sealedCredential: credential.sealed,
      renewal: credential.renewal,
      credentialFence: answer.committedFence,
    }),
  };
}

function healthy(row: Connection): Connection {
  return {
    ...without(row, 'reason', 'needsReauthSince', 'failingSince'),
    state: 'active',
    failures: 0,
  };
}

function withoutIntentOf(row: Connection, fence: number): Connection {
  return row.intent?.fence === fence ? without(row, 'intent') : row;
}

export function rescheduled(
  row: Connection,
  fence: number,
  schedule: Schedule,
): Connection | undefined {
  if (!isLiveAsSeen(row, { fence, committedFence: fence })) return undefined;
  return {
    ...withoutSchedule(row),
    ...schedule,
  };
}

export function reminded(
  row: Connection,
  { remindDays, ...seen }: Parameters<ConnectionStore['remind']>[1],
  next: Parameters<ConnectionStore['remind']>[2],
): Connection | undefined {
  if (!isLiveAsSeen(row, seen) || row.remindDays !== remindDays) return undefined;
  return { ...row, ...next };
}

/** A schedule is whole, but for the reminder that is next. */
function withoutSchedule(row: Connection): Connection {
  return without(
    row,
    'accessTokenExpiresAt',
    'refreshTokenExpiresAt',
    'refreshAt',
    'renewAt',
    'renewalEndsAt',
  );
}
