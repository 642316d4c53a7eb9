/**
 * Makes a provider's answer durable: one conditional write, retried; if the store stays away, the
 * recovery queue.
 *
 * @module
 */
import { Fault, isFault } from '../fault.ts';
import { keyText } from '../names.ts';
import type { TokenAnswer } from '../oauth/token-endpoint.ts';
import { isLive } from './establish-connection.ts';
import { buildStoredToken, scheduleAnswer, sealCredential } from './kept-answer.ts';
import type { Committed, RefreshReply, RenewalKind, StoredToken } from './ports.ts';
import { type RefreshPorts, readToken } from './refresh-replies.ts';
import type { Attempt } from './refresh-settling.ts';
import { type RenewalCredential, renewalKinds } from './renewal-credential.ts';

/** What a refresh brought, and what it was asked with. */
interface Refreshed {
  readonly credential: RenewalCredential;
  readonly refused: readonly RenewalKind[];
  readonly answer: TokenAnswer;
}

const firstPauseMs = 50;
const longestPauseMs = 1000;
/** Kept back of a lease, for the write under way when it ends. */
const leaseReserveMs = 1000;
/** Kept back of the invocation, for the recovery queue. */
const queueReserveMs = 4000;

/**
 * Stores an answer, publishes its access token, and answers with it.
 *
 * @throws {Fault} `STORE_UNAVAILABLE` when neither the table nor the recovery queue took it: no
 *   reply may depend on what is nowhere.
 */
export async function keepAnswer(
  ports: RefreshPorts,
  attempt: Attempt,
  refreshed: Refreshed,
): Promise<RefreshReply> {
  const { fence, row } = attempt;
  const { committed, token } = await buildKept(ports, attempt, refreshed);
  const kept = await commit(ports, attempt, committed);
  if (kept === 'deleted') return { outcome: 'unknown_connection', state: 'needs_reauth' };
  if (kept === 'superseded') {
    const newest = await readToken(ports, row);
    return { outcome: 'fresh', state: 'active', token: newest ?? token };
  }
  const published =
    kept === 'committed' &&
    (await persist(ports, { row, leftMs: () => storeMs(attempt) }, () =>
      ports.tokens.publish(token),
    ));
  if (!published && !(await sendToRecovery(ports, attempt, { committed, token }))) {
    if (kept === 'undelivered') {
      throw new Fault('STORE_UNAVAILABLE', { store: 'connections', operation: 'commit' });
    }
  }
  ports.log.info('refreshed', { connection: keyText(row), fence, kept });
  return { outcome: 'refreshed', state: 'active', token };
}

/** Everything that is to be stored, sealed and ready: from here on only writes remain. */
async function buildKept(
  ports: RefreshPorts,
  { client, row, fence }: Attempt,
  { credential, refused, answer }: Refreshed,
): Promise<{ readonly committed: Committed; readonly token: StoredToken }> {
  const next = renewedCredential(credential, refused, answer);
  const renewal = renewalKinds(next);
  const schedule = scheduleAnswer(ports, client, {
    answer,
    renewal,
    ...(next === credential &&
      row.refreshTokenExpiresAt !== undefined && {
        refreshTokenExpiresAt: row.refreshTokenExpiresAt,
      }),
  });
  const { client: name, connection, params, scope, values } = row;
  const context = {
    client: name,
    connection,
    params,
    values,
    ...(scope !== undefined && { scope }),
  };
  const sealed =
    next === credential ? undefined : await sealCredential(ports, { ...row, fence }, next);
  const token = await buildStoredToken(ports, client, {
    context,
    answer,
    fence,
    schedule,
    renewal,
  });
  return {
    token,
    committed: {
      ...schedule,
      committedFence: fence,
      values: token.values,
      lastRefreshedAt: answer.obtainedAt,
      ...(sealed && { credential: sealed }),
      ...(token.scope !== undefined && { scope: token.scope }),
      ...(answer.accountId !== undefined && { accountId: answer.accountId }),
    },
  };
}

/**
 * The credential after an answer: the very same object when nothing of it changed, since then
 * nothing is written over it (RFC 6749 §6).
 */
function renewedCredential(
  credential: RenewalCredential,
  refused: readonly RenewalKind[],
  { refreshToken }: TokenAnswer,
): RenewalCredential {
  if (refreshToken) {
    const same = credential.refreshToken?.reveal() === refreshToken.reveal();
    return same ? credential : { ...credential, refreshToken };
  }
  if (!refused.includes('refresh_token')) return credential;
  // The refresh token was refused, and the login in its stead brought no other.
  const { refreshToken: _dead, ...rest } = credential;
  return rest;
}

type Kept = 'committed' | 'superseded' | 'deleted' | 'undelivered';

/** Commits, by the late rule where the lease was lost meanwhile. */
async function commit(ports: RefreshPorts, attempt: Attempt, answer: Committed): Promise<Kept> {
  let kept: Kept = 'undelivered';
  await persist(ports, { row: attempt.row, leftMs: () => storeMs(attempt) }, async () => {
    kept = await commitOnce(ports, attempt, answer);
  });
  return kept;
}

async function commitOnce(
  { connections, count }: RefreshPorts,
  { row, fence }: Attempt,
  answer: Committed,
): Promise<Kept> {
  if ((await connections.commit(row, fence, answer)) === 'done') return 'committed';
  const current = await connections.read(row);
  if (!isLive(current)) return 'deleted';
  if (current.committedFence === fence) return 'committed';
  if (current.committedFence > fence) return 'superseded';
  count('refresh_committed_late', { provider: row.provider });
  if ((await connections.commitLate(row, fence, answer)) === 'done') return 'committed';
  const newest = await connections.read(row);
  if (!isLive(newest)) return 'deleted';
  return newest.committedFence === fence ? 'committed' : 'superseded';
}

/** How long the tables are tried: for as long as the lease, and leaving time for the queue. */
function storeMs({ time }: Attempt): number {
  return Math.min(time.remainingMs() - leaseReserveMs, time.invocationMs() - queueReserveMs);
}

/** Repeats a write of our own store until it is heard of, or its time is over. */
async function persist(
  ports: RefreshPorts,
  { row, leftMs }: Pick<Attempt, 'row'> & { readonly leftMs: () => number },
  write: () => Promise<unknown>,
): Promise<boolean> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      await write();
      return true;
    } catch (error) {
      if (!isFault(error) || error.code !== 'STORE_UNAVAILABLE') throw error;
      ports.log.warn('store_unavailable', { connection: keyText(row), context: error.context });
    }
    if (leftMs() < pauseMs) return false;
    await ports.clock.sleep(pauseMs);
  }
}

async function sendToRecovery(
  ports: RefreshPorts,
  attempt: Attempt,
  kept: { readonly committed: Committed; readonly token: StoredToken },
): Promise<boolean> {
  const { row, fence } = attempt;
  const { client, connection } = row;
  const message = { client, connection, fence, answer: kept.committed, token: kept.token };
  ports.count('refresh_sent_to_recovery', { provider: row.provider });
  const leftMs = attempt.time.invocationMs;
  const sent = await persist(ports, { row, leftMs }, () => ports.recovery.send(message));
  if (!sent) {
    ports.log.error('answer_lost', {
      connection: keyText(row),
      advice: 'neither the table nor the recovery queue took the answer; look at both',
    });
  }
  return sent;
}
