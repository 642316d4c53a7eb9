/**
 * Makes a provider's answer durable: one conditional write, retried; if the store stays away, the
 * recovery queue.
 *
 * @module
 */
import { Fault } from '../fault.ts';
import { keyText } from '../names.ts';
import type { TokenAnswer } from '../oauth/token-endpoint.ts';
import type { EpochSeconds } from '../time.ts';
import { commitAnswer, persist, sendToRecovery, storeMs } from './durable-answer.ts';
import { withIntrospectedExpiry } from './introspected-expiry.ts';
import { buildStoredToken, scheduleAnswer } from './kept-answer.ts';
import type { Committed, RefreshReply, RenewalKind, Schedule, StoredToken } from './ports.ts';
import { type RefreshPorts, readToken } from './refresh-replies.ts';
import type { Attempt } from './refresh-settling.ts';
import { type RenewalCredential, renewalKinds } from './renewal-credential.ts';

/** What a refresh brought, and what it was asked with. */
interface Refreshed {
  readonly credential: RenewalCredential;
  readonly refused: readonly RenewalKind[];
  readonly answer: TokenAnswer;
}

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
  const kept = buildKept(ports, attempt, refreshed);
  const ending = await commitAnswer(ports, attempt, kept.committed);
  switch (ending) {
    case 'deleted':
      return { outcome: 'unknown_connection', state: 'needs_reauth' };
    case 'superseded': {
      const token = await readToken(ports, row);
      return { outcome: 'fresh', state: 'active', ...(token && { token }) };
    }
    case 'committed':
    case 'undelivered': {
      const token =
        ending === 'committed'
          ? await publish(ports, attempt, kept)
          : await recover(ports, attempt, kept);
      ports.log.info('refreshed', { connection: keyText(row), fence, kept: ending });
      return { outcome: 'refreshed', state: 'active', token };
    }
    default:
      return ending satisfies never;
  }
}

/** What is stored of an answer: first the credential, since it is what cannot be had again. */
interface Kept {
  readonly answer: TokenAnswer;
  readonly renewal: readonly RenewalKind[];
  /** Of the refresh token that stays in force. */
  readonly refreshTokenExpiresAt?: EpochSeconds;
  readonly previous: Schedule;
  readonly committed: Committed;
}

function buildKept(
  ports: RefreshPorts,
  { client, row, fence, prepared }: Attempt,
  { credential, refused, answer }: Refreshed,
): Kept {
  const next = renewedCredential(credential, refused, answer);
  const renewal = renewalKinds(next);
  const end = next === credential ? row.refreshTokenExpiresAt : undefined;
  const expiry = end === undefined ? {} : { refreshTokenExpiresAt: end };
  const lives = { answer, renewal, previous: row, ...expiry };
  const sealed = next === credential ? undefined : prepared.sealCredential(next);
  const scope = answer.scope ?? row.scope;
  const committed = {
    ...scheduleAnswer(ports, client, lives),
    committedFence: fence,
    values: { ...row.values, ...answer.values },
    lastRefreshedAt: answer.obtainedAt,
    ...(sealed && { credential: sealed }),
    ...(scope !== undefined && { scope }),
    ...(answer.accountId !== undefined && { accountId: answer.accountId }),
  };
  return { ...lives, committed };
}

/** The access token's row for a kept answer. */
async function buildToken(
  ports: RefreshPorts,
  { client, row, fence }: Attempt,
  { answer, renewal, committed }: Kept,
): Promise<StoredToken> {
  const { client: name, connection, params } = row;
  const { values, scope } = committed;
  const context = {
    client: name,
    connection,
    params,
    values,
    ...(scope !== undefined && { scope }),
  };
  return buildStoredToken(ports, client, { context, answer, fence, schedule: committed, renewal });
}

/** Publishes the token of an answer that is safe; what the store does not take goes round it. */
async function publish(ports: RefreshPorts, attempt: Attempt, kept: Kept): Promise<StoredToken> {
  const told = await tellExpiry(ports, attempt, kept);
  const token = await buildToken(ports, attempt, told);
  const leftMs = () => storeMs(attempt);
  const isPublished = await persist(ports, { row: attempt.row, leftMs }, () =>
    ports.tokens.publish(token),
  );
  if (!isPublished) await sendToRecovery(ports, attempt, { committed: told.committed, token });
  return token;
}

async function recover(ports: RefreshPorts, attempt: Attempt, kept: Kept): Promise<StoredToken> {
  const token = await buildToken(ports, attempt, kept);
  const { committed } = kept;
  if (await sendToRecovery(ports, attempt, { committed, token })) return token;
  throw new Fault('STORE_UNAVAILABLE', { store: 'connections', operation: 'commit' });
}

/**
 * Asks the provider when the token ends, where nobody has told, and corrects the schedule. Only now:
 * nothing may come between an answer and its safety.
 */
async function tellExpiry(ports: RefreshPorts, attempt: Attempt, kept: Kept): Promise<Kept> {
  const { client, row, fence } = attempt;
  const timeoutMs = storeMs(attempt);
  const answer = await withIntrospectedExpiry(ports, client, { answer: kept.answer, timeoutMs });
  if (answer === kept.answer) return kept;
  const schedule = scheduleAnswer(ports, client, { ...kept, answer });
  const leftMs = () => storeMs(attempt);
  await persist(ports, { row, leftMs }, () => ports.connections.reschedule(row, fence, schedule));
  return { ...kept, answer, committed: { ...kept.committed, ...schedule } };
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
