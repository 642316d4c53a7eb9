/**
 * One small write between a provider's answer and its safety: tried until it is heard of, or its
 * time is over; then the recovery queue.
 *
 * @module
 */
import { isFault } from '../fault.ts';
import { keyText } from '../names.ts';
import { isLive } from './establish-connection.ts';
import { patiently } from './patiently.ts';
import type { Committed, StoredToken } from './ports.ts';
import type { RefreshPorts } from './refresh-replies.ts';
import type { Attempt } from './refresh-settling.ts';

/** Kept back of a lease, for the write under way when it ends. */
const leaseReserveMs = 1000;
/** Kept back of the invocation, for the recovery queue. */
const queueReserveMs = 4000;

/** What became of an answer. */
export type Kept = 'committed' | 'superseded' | 'deleted' | 'undelivered';

/** Commits, by the late rule where the lease was lost meanwhile. */
export async function commitAnswer(
  ports: RefreshPorts,
  attempt: Attempt,
  answer: Committed,
): Promise<Kept> {
  let kept: Kept = 'undelivered';
  await persist(ports, { row: attempt.row, leftMs: () => storeMs(attempt) }, async () => {
    kept = await commitOnce(ports, attempt, answer);
  });
  return kept;
}

async function commitOnce(
  { connections, count }: RefreshPorts,
  { row, fence, prepared }: Attempt,
  answer: Committed,
): Promise<Kept> {
  if ((await prepared.commit(answer)) === 'done') return 'committed';
  const current = await connections.read(row);
  if (!isLive(current)) return 'deleted';
  if (current.committedFence === fence) return 'committed';
  if (current.committedFence > fence) return 'superseded';
  if ((await connections.commitLate(row, fence, answer)) === 'lost') {
    const newest = await connections.read(row);
    if (!isLive(newest)) return 'deleted';
    if (newest.committedFence !== fence) return 'superseded';
  }
  count('refresh_committed_late', { provider: row.provider });
  return 'committed';
}

/** How long the tables are tried: for as long as the lease, and leaving time for the queue. */
export function storeMs({ time }: Attempt): number {
  return Math.min(time.remainingMs() - leaseReserveMs, time.invocationMs() - queueReserveMs);
}

/**
 * Repeats a write of our own store until it is heard of, or its time is over. A row that does not
 * read back ends it at once: no repetition mends that.
 */
export async function persist(
  ports: RefreshPorts,
  { row, leftMs }: Pick<Attempt, 'row'> & { readonly leftMs: () => number },
  write: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await patiently(ports, { key: row, leftMs }, write);
    return true;
  } catch (error) {
    if (!isFault(error)) throw error;
    const { code, context } = error;
    const connection = keyText(row);
    if (code === 'ROW_INVALID') ports.log.error('answer_not_stored', { connection, code, context });
    else if (code === 'STORE_UNAVAILABLE')
      ports.log.warn('store_unavailable', { connection, context });
    else throw error;
    return false;
  }
}

/** Sends an answer round the store that does not take it. False when the queue does not either. */
export async function sendToRecovery(
  ports: RefreshPorts,
  attempt: Attempt,
  kept: { readonly committed: Committed; readonly token: StoredToken },
): Promise<boolean> {
  const { row, fence } = attempt;
  const { client, connection } = row;
  const message = { client, connection, fence, answer: kept.committed, token: kept.token };
  const leftMs = attempt.time.invocationMs;
  const sent = await persist(ports, { row, leftMs }, () => ports.recovery.send(message));
  ports.count(sent ? 'refresh_sent_to_recovery' : 'answer_lost', { provider: row.provider });
  if (!sent) {
    ports.log.error('answer_lost', {
      connection: keyText(row),
      advice: 'neither the table nor the recovery queue took the answer; look at both',
    });
  }
  return sent;
}
