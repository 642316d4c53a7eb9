/**
 * What a refresh answers to whoever asked, and how an attempt that must not be made is put off.
 *
 * @module
 */
import { isFault } from '../fault.ts';
import { type ConnectionKey, keyText } from '../names.ts';
import type { IntrospectExpiry, RequestToken } from '../oauth/token-endpoint.ts';
import { type Clock, type EpochSeconds, later, seconds } from '../time.ts';
import type { ClientStore } from './client-ports.ts';
import { isLive } from './establish-connection.ts';
import { type AnswerPorts, emptyToken } from './kept-answer.ts';
import type {
  ClientRegistry,
  Connection,
  ConnectionStore,
  CountMetric,
  Log,
  RandomToken,
  RefreshReply,
  StoredToken,
  TokenStatus,
  TokenStore,
  Warning,
  WarningCode,
} from './ports.ts';
import type { RecoveryQueue } from './queue-ports.ts';
import type { RefreshTiming } from './refresh-timing.ts';
import { retryDelaySeconds } from './schedule.ts';

/** Everything a refresh works with. */
export interface RefreshPorts extends AnswerPorts {
  readonly connections: ConnectionStore;
  readonly tokens: TokenStore;
  readonly clients: ClientRegistry;
  readonly clientStatus: ClientStore;
  readonly recovery: RecoveryQueue;
  readonly requestToken: RequestToken;
  readonly introspectExpiry: IntrospectExpiry;
  readonly clock: Clock;
  readonly randomToken: RandomToken;
  readonly timing: RefreshTiming;
  readonly log: Log;
  readonly count: CountMetric;
}

/** How long a client that was refused is left alone before its secret is looked at again. */
const refusedRetrySeconds = seconds(60);

/** The connection's token as last published; undefined when there is none. */
export async function readToken(
  { tokens }: Pick<RefreshPorts, 'tokens'>,
  key: ConnectionKey,
): Promise<StoredToken | undefined> {
  const token = await tokens.read(key, true);
  return token && token.state !== 'revoked' ? token : undefined;
}

/**
 * The same, for a connection that is live. A tombstone in its token's place was left by a reconnect
 * that did not come to its end, and would have every caller told that the connection is unknown: a
 * row without a token takes its place.
 */
export async function readLiveToken(
  { tokens }: Pick<RefreshPorts, 'tokens'>,
  row: Connection,
): Promise<StoredToken | undefined> {
  const token = await tokens.read(row, true);
  if (token?.state !== 'revoked') return token;
  const empty = emptyToken({ ...row, fence: row.committedFence }, row.lastRefreshedAt);
  return (await tokens.publish(empty)) === 'done' ? empty : undefined;
}

/** Nothing to do: the stored token is the answer. */
export function fresh(row: Connection, token: StoredToken | undefined): RefreshReply {
  return { outcome: 'fresh', ...statusOf(row, token?.warning), ...(token && { token }) };
}

/** Another worker is at it. */
export function replyInProgress(row: Connection, token: StoredToken | undefined): RefreshReply {
  const warning: Warning = {
    code: 'outcome_unknown',
    since: row.intent?.at ?? row.lastRefreshedAt,
  };
  return { outcome: 'in_progress', ...statusOf(row, warning), ...(token && { token }) };
}

/** It failed, and there is no use in trying again before `retryAt`. */
export function replyFailing(
  row: Connection,
  token: StoredToken | undefined,
  retryAt: EpochSeconds,
): RefreshReply {
  const warning: Warning = token?.warning ?? {
    code: 'refresh_failing',
    since: row.failingSince ?? row.lastRefreshedAt,
  };
  return { outcome: 'failing', ...statusOf(row, warning), retryAt, ...(token && { token }) };
}

/** What it is when somebody else has come first: dead, refreshed, deleted, or still in hand. */
export async function replyAsFound(ports: RefreshPorts, seen: Connection): Promise<RefreshReply> {
  const row = await ports.connections.read(seen);
  if (!isLive(row)) return { outcome: 'unknown_connection', state: 'needs_reauth' };
  const token = await readToken(ports, row);
  if (row.state === 'needs_reauth') return replyNeedsReauth(row, token);
  const isPublished = token !== undefined && token.fence >= row.committedFence;
  return isPublished && row.committedFence > seen.committedFence
    ? fresh(row, token)
    : replyInProgress(row, token);
}

/** Only the resource owner can help now. */
export function replyNeedsReauth(row: Connection, token: StoredToken | undefined): RefreshReply {
  return { outcome: 'needs_reauth', ...statusOf(row, undefined), ...(token && { token }) };
}

/**
 * Puts off an attempt that must not be made now, where callers can see why.
 *
 * @returns the reply for whoever asked.
 */
export async function holdBack(
  ports: RefreshPorts,
  input: {
    readonly row: Connection;
    readonly token: StoredToken | undefined;
    readonly code: WarningCode;
    readonly until?: EpochSeconds;
  },
): Promise<RefreshReply> {
  const { row, token, code } = input;
  const now = ports.clock.now();
  const delay =
    code === 'client_refused'
      ? refusedRetrySeconds
      : retryDelaySeconds(row.failures + 1, ports.random());
  const retryAt = input.until ?? later(now, delay);
  if ((await ports.connections.defer(row, row, retryAt)) === 'lost') {
    return replyAsFound(ports, row);
  }
  const warning: Warning = { code, since: row.intent?.at ?? row.failingSince ?? now };
  const status: TokenStatus = { ...statusOf(row, warning), retryAt };
  await noteStatus(ports, { ...row, token }, status);
  return { outcome: 'failing', ...status, ...(token && { token }) };
}

/**
 * Gives a connection that is due another moment, when nothing came of its message: of one moment
 * the queue takes no second message for minutes.
 *
 * @param fence - the one that the row has now.
 */
export async function postponeDue(
  ports: RefreshPorts,
  row: Connection,
  fence: number,
): Promise<void> {
  const now = ports.clock.now();
  const { refreshAt, committedFence } = row;
  if (refreshAt === undefined || refreshAt > later(now, ports.timing.clockSkewSeconds)) return;
  const next = later(now, retryDelaySeconds(1, ports.random()));
  await ports.connections.defer(row, { fence, committedFence }, next);
}

/**
 * Shows callers how the connection fares. The connection's own row decides: where this cannot be
 * written, `refresh` tells it to whoever asks.
 */
export async function noteStatus(
  { tokens, log }: RefreshPorts,
  at: ConnectionKey & { readonly fence: number; readonly token: StoredToken | undefined },
  status: TokenStatus,
): Promise<void> {
  try {
    await tokens.note(at, Math.max(at.fence, at.token?.fence ?? 0), status);
  } catch (error) {
    if (!isFault(error) || error.code !== 'STORE_UNAVAILABLE') throw error;
    log.warn('store_unavailable', { connection: keyText(at), context: error.context });
  }
}

function statusOf(row: Connection, warning: Warning | undefined): TokenStatus {
  const since = row.needsReauthSince ?? row.failingSince;
  return {
    state: row.state,
    ...(row.reason !== undefined && { reason: row.reason }),
    ...(since !== undefined && { since }),
    ...(warning && { warning }),
  };
}
