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
  noteStatus,
  postponeDue,
  type RefreshPorts,
  replyAsFound,
  replyInProgress,
} from './refresh-replies.ts';
import { planRetry } from './refresh-retry.ts';
import type { AttemptTime } from './refresh-timing.ts';

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
    await postponeDue(ports, row, fence);
    return replyInProgress(row, token);
  }
  if (call.ending === 'no_credential') return settleDead(ports, attempt, 'no_renewal_credential');

  const { outcome } = call;
  if (outcome.outcome === 'granted') {
    const reply = await keepAnswer(ports, attempt, { ...call, answer: outcome.answer });
    record(ports, attempt, outcome);
    return reply;
  }
  record(ports, attempt, outcome);
  switch (outcome.outcome) {
    case 'grant_refused':
      return settleRefusal(ports, attempt, call.refused.includes('refresh_token'));
    case 'client_refused':
      return settleClientRefused(ports, attempt, client.version);
    case 'request_refused':
      return settleFailure(ports, attempt, { undecided: false });
    case 'unavailable':
      return settleFailure(ports, attempt, {
        ...outcome,
        undecided: outcome.undecided && call.kind === 'refresh_token',
      });
    case 'answer_invalid':
      // It was a success to the provider: it may have replaced the refresh token.
      return settleFailure(ports, attempt, { undecided: call.kind === 'refresh_token' });
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
  const { row, fence } = attempt;
  const current = await ports.connections.read(row);
  if (isLive(current) && current.committedFence > row.committedFence) {
    ports.count('refresh_race_recovered', { provider: row.provider });
    await ports.connections.release(row, fence);
    return replyAsFound(ports, row);
  }
  const end = row.refreshTokenExpiresAt;
  const ended = refreshTokenRefused && end !== undefined && end <= ports.clock.now();
  if (ended && !row.intent) return settleDead(ports, attempt, 'renewal_credential_expired');
  if (await isBraked(ports, attempt)) {
    return settleFailure(ports, attempt, { undecided: false });
  }
  // An attempt before this one never heard its answer: that answer may have replaced the token.
  return settleDead(
    ports,
    attempt,
    row.intent && refreshTokenRefused ? 'answer_lost' : 'grant_dead',
  );
}

/** A window of counting: a mistake of ours shows in all connections of a client at once. */
const brakeWindowSeconds = seconds(600);

/**
 * Whether so many grants of this client were called dead within ten minutes that a mistake of ours,
 * such as a registration of another environment, is likelier than so many deaths.
 */
async function isBraked(ports: RefreshPorts, { client, row }: Attempt): Promise<boolean> {
  const { refused_grants_brake: most } = client.definition;
  const refusal = { at: ports.clock.now(), windowSeconds: brakeWindowSeconds };
  const refused = await ports.clientStatus.countRefusedGrant(client.name, refusal);
  if (refused <= most) return false;
  ports.count('reauthorization_held', { provider: row.provider });
  ports.log.error('reauthorization_held', {
    connection: keyText(row),
    refused,
    most,
    advice:
      'too many grants were refused at once; look at the registration, and raise' +
      ' refused_grants_brake in its provider_overrides if they are dead indeed',
  });
  return true;
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
    await ports.connections.release(row, fence);
    const reply = await replyAsFound(ports, row);
    const { outcome, token: found, ...status } = reply;
    // The mark may be our own, its answer lost on the way.
    if (outcome === 'needs_reauth')
      await noteStatus(ports, { ...row, fence, token: found }, status);
    return reply;
  }
  ports.log.error('reauthorization_required', { connection: keyText(row), reason });
  ports.count('reauthorization_required', { provider: row.provider, reason });
  const status: TokenStatus = { state: 'needs_reauth', reason, since };
  await noteStatus(ports, { ...row, fence, token }, status);
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
  const released = await ports.connections.release(row, fence);
  ports.log.error('client_refused', {
    client: row.client,
    advice: 'the provider refuses our client; put the right client_secret into its secret',
  });
  ports.count('client_refused', { provider: row.provider });
  if (released === 'lost') return replyAsFound(ports, row);
  await postponeDue(ports, row, fence);
  const status: TokenStatus = {
    state: row.state,
    warning: { code: 'client_refused', since: now },
    retryAt: later(now, seconds(60)),
  };
  await noteStatus(ports, { ...row, fence, token }, status);
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
  const own = { fence, at: time.now, credentialFence: row.credentialFence };
  const intent = ending.undecided ? (row.intent ?? own) : undefined;
  const { refreshAt, inDoubt } = planRetry(ports, client, {
    ...ending,
    row: { ...row, fence },
    intent,
  });
  const failure = { failingSince, failures, refreshAt, intentSettled: !ending.undecided };
  if ((await ports.connections.fail(row, fence, failure)) === 'lost') {
    return replyAsFound(ports, row);
  }

  const code = inDoubt ? 'outcome_unknown' : 'refresh_failing';
  const status: TokenStatus = {
    state: 'failing',
    since: failingSince,
    warning: { code, since: failingSince },
    retryAt: refreshAt,
  };
  await noteStatus(ports, { ...row, fence, token }, status);
  return { outcome: 'failing', ...status, ...(token && { token }) };
}

function record(ports: RefreshPorts, { row }: Attempt, outcome: TokenOutcome): void {
  ports.count('refresh', { provider: row.provider, outcome: outcome.outcome });
  if (outcome.outcome === 'granted') return;
  const { outcome: ending, ...rest } = outcome;
  ports.log.warn('refresh_failed', { connection: keyText(row), ending, ...rest });
}
