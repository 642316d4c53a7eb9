/**
 * How a vend ends: with a token and what is to be said of it, or with the reason why there is none.
 *
 * @module
 */
import { Fault } from '../fault.ts';
import type { ConnectionKey } from '../names.ts';
import type { Secret } from '../secret.ts';
import { type Clock, type EpochSeconds, type Seconds, seconds, until } from '../time.ts';
import type {
  RandomToken,
  RefreshInvoker,
  StoredToken,
  TokenStatus,
  TokenStore,
  Warning,
} from './ports.ts';
import { type OpenToken, type TokenCache, warnOf } from './token-cache.ts';
import { isAlive, judge, type OpeningPorts } from './token-fitness.ts';
import type { UnknownConnections } from './unknown-connections.ts';

export interface VendPorts extends OpeningPorts {
  readonly tokens: TokenStore;
  readonly refresher: RefreshInvoker;
  readonly clock: Clock;
  readonly cache: TokenCache;
  readonly unknownConnections: UnknownConnections;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly randomToken: RandomToken;
}

export interface VendRequest extends ConnectionKey {
  /** How long the token has to live at least. */
  readonly minTtlSeconds: Seconds;
  /** How long to wait for a refresh. */
  readonly maxWaitSeconds: Seconds;
  /** "The API refused this one": lower-case hex of the token's SHA-256. */
  readonly rejectedTokenSha256?: string;
}

/** A token, and what a caller should know of it. */
export interface VendedToken {
  readonly token: StoredToken;
  readonly accessToken: Secret<'access_token'>;
  /** The token's name in the log. */
  readonly fingerprint: string;
  readonly warning?: Warning;
}

/** How long a caller is told to wait when nothing better is known. */
const retrySeconds = seconds(5);

/** What a caller may be given so far. */
export interface Held {
  /** The row that was read; undefined when there was none. */
  readonly row: StoredToken | undefined;
  /** The same row's token, where it has one. */
  readonly open: OpenToken | undefined;
  /** How the connection fares, as last heard. */
  readonly status: TokenStatus | undefined;
  readonly deadlineMs: number;
}

/** The best that there is now: a living token, or the reason why there is none. */
export function settle(
  ports: VendPorts,
  request: VendRequest,
  { open, status }: Held,
): VendedToken {
  const now = ports.clock.now();
  if (open && isAlive(ports.clock, open.token)) {
    const token = { ...open.token, ...status };
    return serve(ports, request, { ...open, token });
  }
  const { client, connection } = request;
  if (status?.state === 'needs_reauth') {
    const { reason = 'grant_dead', since = now } = status;
    throw new Fault('REAUTHORIZATION_REQUIRED', { client, connection, reason, since });
  }
  const wait = status?.retryAt === undefined ? retrySeconds : until(status.retryAt, now);
  throw new Fault('TEMPORARILY_UNAVAILABLE', {
    client,
    connection,
    retryAfterSeconds: Math.max(1, wait),
  });
}

export function serve(ports: VendPorts, request: VendRequest, open: OpenToken): VendedToken {
  const { token, accessToken, fingerprint } = open;
  ports.cache.keep(open, ports.clock);
  const fitness = judge(ports.clock, request, open);
  const warning: Warning | undefined =
    fitness === 'serve_as_recent'
      ? { code: 'recently_refreshed', since: token.obtainedAt }
      : warnOf(token, { now: ports.clock.now(), lacking: fitness === 'refresh' });
  return { token, accessToken, fingerprint, ...(warning && { warning }) };
}

/** Whether asking for a refresh is of no use now: the connection is dead, or not to be tried yet. */
export function isSettled(status: TokenStatus | undefined, now: EpochSeconds): boolean {
  return status?.state === 'needs_reauth' || (status?.retryAt ?? 0) > now;
}

/** The connection does not exist, or not any more. */
export function unknown({ client, connection }: ConnectionKey): Fault<'UNKNOWN_CONNECTION'> {
  return new Fault('UNKNOWN_CONNECTION', { client, connection });
}
