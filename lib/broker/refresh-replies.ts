/**
 * What a refresh answers to whoever asked, and how an attempt that must not be made is put off.
 *
 * @module
 */
import type { ConnectionKey } from '../names.ts';
import type { RequestToken } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import { type Clock, type EpochSeconds, later, seconds } from '../time.ts';
import type { AnswerPorts } from './kept-answer.ts';
import type {
  ClientRegistry,
  ClientStore,
  Connection,
  ConnectionStore,
  CountMetric,
  Log,
  RandomToken,
  RecoveryQueue,
  RefreshReply,
  StoredToken,
  TokenStatus,
  TokenStore,
  Warning,
  WarningCode,
} from './ports.ts';
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
  readonly clock: Clock;
  readonly randomToken: RandomToken;
  readonly timing: RefreshTiming;
  readonly log: Log;
  readonly count: CountMetric;
}

/** How long a client that was refused is left alone before its secret is looked at again. */
const refusedRetrySeconds = seconds(60);

/** How long before its end an access token no longer counts as serving. */
const leastLifeSeconds = 60;

/** The connection's token as last published; undefined when there is none. */
export async function readToken(
  { tokens }: Pick<RefreshPorts, 'tokens'>,
  key: ConnectionKey,
): Promise<StoredToken | undefined> {
  const token = await tokens.read(key, true);
  return token && token.state !== 'revoked' ? token : undefined;
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
      : seconds(retryDelaySeconds(row.failures + 1, ports.random(), undefined));
  const retryAt = input.until ?? later(now, delay);
  await ports.connections.defer(row, row, retryAt);
  const warning: Warning = { code, since: row.intent?.at ?? row.failingSince ?? now };
  const status: TokenStatus = { ...statusOf(row, warning), retryAt };
  await ports.tokens.note(row, Math.max(row.fence, token?.fence ?? 0), status);
  return { outcome: 'failing', ...status, ...(token && { token }) };
}

/**
 * Until when a refresh token whose fate is unknown must not be sent again.
 *
 * Where a refresh token may be used once only, the answer that we did not hear may have replaced
 * it, and sending it again may end the whole grant (RFC 9700 §4.14.2). So we wait until every way
 * in which that answer could still reach us is exhausted, and then as long as the access token
 * serves.
 *
 * @returns the moment; in the past when nothing is in doubt.
 */
export function undecidedUntil(
  { timing, clock }: Pick<RefreshPorts, 'timing' | 'clock'>,
  client: Client,
  row: Pick<Connection, 'intent' | 'accessTokenExpiresAt'>,
): EpochSeconds {
  const { intent, accessTokenExpiresAt } = row;
  const { rotation } = client.definition;
  const never = 0 as EpochSeconds;
  if (!intent || rotation === 'none') return never;
  if (typeof rotation === 'object' && clock.now() < intent.at + rotation.grace_seconds)
    return never;
  const arrived = later(later(intent.at, timing.leaseSeconds), timing.recoveryDelaySeconds);
  const serves = (accessTokenExpiresAt ?? 0) - leastLifeSeconds;
  return Math.max(arrived, serves) as EpochSeconds;
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
