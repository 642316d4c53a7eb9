/**
 * The second half of a refresh: what the provider's answer, or its silence, does to the stores.
 *
 * @module
 */
import { keyText } from '../names.ts';
import type { TokenOutcome } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import { later, seconds } from '../time.ts';
import { isLive } from './establish-connection.ts';
import { keepAnswer } from './keep-answer.ts';
import type { Connection, RefreshReply, StoredToken, TokenStatus } from './ports.ts';
import type { CallEnding } from './refresh-call.ts';
import {
  fresh,
  type RefreshPorts,
  readToken,
  replyInProgress,
  replyNeedsReauth,
  undecidedUntil,
} from './refresh-replies.ts';
import type { AttemptTime } from './refresh-timing.ts';
import { retryDelaySeconds } from './schedule.ts';

/** One attempt, from its lease on. */
export interface Attempt {
  readonly client: Client;
  /** The connection as it was before the attempt. */
  readonly row: Connection;
  readonly token: StoredToken | undefined;
  readonly fence: number;
  readonly time: AttemptTime;
}

/** Brings an attempt to its end in the stores, whatever the provider did. */
export async function settleRefresh(
  ports: RefreshPorts,
  attempt: Attempt & { readonly call: CallEnding },
): Promise<RefreshReply> {
  const { call, row, token, fence, client } = attempt;
  if (call.ending === 'no_time') {
    await ports.connections.release(row, fence);
    return replyInProgress(row, token);
  }
  if (call.ending === 'no_credential') return settleDead(ports, attempt, 'no_renewal_credential');

  const { outcome } = call;
  record(ports, attempt, outcome);
  switch (outcome.outcome) {
    case 'granted':
      return keepAnswer(ports, attempt, { ...call, answer: outcome.answer });
    case 'grant_refused':
      return settleRefusal(ports, attempt, call.kind === 'refresh_token');
    case 'client_refused':
      return settleClientRefused(ports, attempt, client.version);
    case 'request_refused':
      return settleFailure(ports, attempt, { undecided: false });
    case 'unavailable':
      return settleFailure(ports, attempt, outcome);
    case 'answer_invalid':
      // It was a success to the provider: it may have replaced the refresh token.
      return settleFailure(ports, attempt, { undecided: true });
    default:
      return outcome satisfies never;
  }
}

/** The provider says that the grant is dead. Believed when nothing of ours explains it otherwise. */
async function settleRefusal(
  ports: RefreshPorts,
  attempt: Attempt,
  refreshTokenRefused: boolean,
): Promise<RefreshReply> {
  const { row } = attempt;
  const current = await ports.connections.read(row);
  if (isLive(current) && current.committedFence > row.committedFence) {
    ports.count('refresh_race_recovered', { provider: row.provider });
    return fresh(current, await readToken(ports, row));
  }
  // An attempt before this one never heard its answer: that answer may have replaced the token.
  if (row.intent && refreshTokenRefused) return settleDead(ports, attempt, 'answer_lost');
  const end = row.refreshTokenExpiresAt;
  const ended = refreshTokenRefused && end !== undefined && end <= ports.clock.now();
  return settleDead(ports, attempt, ended ? 'renewal_credential_expired' : 'grant_dead');
}

async function settleDead(
  ports: RefreshPorts,
  { row, token, fence }: Attempt,
  reason: 'grant_dead' | 'answer_lost' | 'renewal_credential_expired' | 'no_renewal_credential',
): Promise<RefreshReply> {
  const since = ports.clock.now();
  const { committedFence, credentialFence } = row;
  const marked = await ports.connections.markDead(
    row,
    { fence, committedFence, credentialFence },
    { reason, since },
  );
  if (marked === 'lost') {
    const current = await ports.connections.read(row);
    if (!isLive(current)) return { outcome: 'unknown_connection', state: 'needs_reauth' };
    const newest = await readToken(ports, row);
    if (current.state === 'needs_reauth') return replyNeedsReauth(current, newest);
    return fresh(current, newest);
  }
  ports.log.error('reauthorization_required', { connection: keyText(row), reason });
  ports.count('reauthorization_required', { provider: row.provider, reason });
  const status: TokenStatus = { state: 'needs_reauth', reason, since };
  await ports.tokens.note(row, Math.max(fence, token?.fence ?? 0), status);
  return { outcome: 'needs_reauth', ...status, ...(token && { token }) };
}

/** Stops the client, which the provider does not know or trust, and touches no connection. */
async function settleClientRefused(
  ports: RefreshPorts,
  { row, token, fence }: Attempt,
  version: string,
): Promise<RefreshReply> {
  const now = ports.clock.now();
  await ports.clientStatus.markRefused(row.client, version, now);
  await ports.connections.release(row, fence);
  ports.log.error('client_refused', {
    client: row.client,
    advice: 'the provider refuses our client; put the right client_secret into its secret',
  });
  ports.count('client_refused', { provider: row.provider });
  const status: TokenStatus = {
    state: row.state,
    warning: { code: 'client_refused', since: now },
    retryAt: later(now, seconds(60)),
  };
  await ports.tokens.note(row, Math.max(fence, token?.fence ?? 0), status);
  return { outcome: 'failing', ...status, ...(token && { token }) };
}

/** No answer, or one that says nothing about the grant: try again, as soon as that is safe. */
async function settleFailure(
  ports: RefreshPorts,
  { client, row, token, fence, time }: Attempt,
  ending: { readonly undecided: boolean; readonly retryAfterSeconds?: number },
): Promise<RefreshReply> {
  const now = ports.clock.now();
  const failures = row.failures + 1;
  const failingSince = row.failingSince ?? now;
  const delay = retryDelaySeconds(failures, ports.random(), ending.retryAfterSeconds);
  const undecidedAt = ending.undecided ? time.now : row.intent?.at;
  const safeAt =
    undecidedAt === undefined
      ? 0
      : undecidedUntil(ports, client, {
          ...row,
          intent: row.intent ?? { fence, at: undecidedAt, credentialFence: row.credentialFence },
        });
  const refreshAt = later(now, seconds(Math.max(delay, safeAt - now)));
  const intentSettled = !ending.undecided;
  await ports.connections.fail(row, fence, { failingSince, failures, refreshAt, intentSettled });

  const code = ending.undecided && safeAt > now ? 'outcome_unknown' : 'refresh_failing';
  const status: TokenStatus = {
    state: 'failing',
    since: failingSince,
    warning: { code, since: failingSince },
    retryAt: refreshAt,
  };
  await ports.tokens.note(row, Math.max(fence, token?.fence ?? 0), status);
  return { outcome: 'failing', ...status, ...(token && { token }) };
}

function record(ports: RefreshPorts, { row }: Attempt, outcome: TokenOutcome): void {
  ports.count('refresh', { provider: row.provider, outcome: outcome.outcome });
  if (outcome.outcome === 'granted') return;
  const { outcome: ending, ...rest } = outcome;
  ports.log.warn('refresh_failed', { connection: keyText(row), ending, ...rest });
}
