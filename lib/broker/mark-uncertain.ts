import type { ConnectionKey } from '../names.ts';
import type { Client } from '../providers/client.ts';
import { type Clock, type EpochSeconds, later, seconds } from '../time.ts';
import { isLive } from './establish-connection.ts';
import { nextFence } from './fence.ts';
import type { Connection, ConnectionStore, StoredToken, TokenStore, Tombstone } from './ports.ts';
import { leastLifeSeconds } from './refresh-retry.ts';
import { recoveryDelaySeconds } from './refresh-timing.ts';

interface Ports {
  readonly connections: ConnectionStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  /** From 0 to 1: spreads the next tries. */
  readonly random: () => number;
}

/** What became of one connection. */
export type Marking =
  /** Its refresh token is in doubt from now on. */
  | 'marked'
  /** The same, and its access token says that it was deleted after the row was written. */
  | 'deleted_since'
  /** Nothing it renews itself with can have been replaced. */
  | 'not_rotating'
  /** Only its owner can help, as before. */
  | 'needs_reauth'
  /** There is none. */
  | 'gone'
  /** It is being refreshed, or kept changing: ask again once that has ended. */
  | 'busy';

/** By how much two machines' clocks may differ. */
const clockSkewSeconds = seconds(5);
const attempts = 5;

/**
 * Treats a connection as one whose last refresh fell silent: its row comes from a backup, so the
 * refresh token in it may have been used and replaced since (RFC 9700 §4.14.2).
 *
 * The rules for a lost answer then hold. The access token is vended to its end; the refresh token is
 * tried once after that, and after every answer that may still lie in the recovery queue; and where
 * the provider refuses it, the reason is `answer_lost`, which a late answer lifts.
 *
 * @param client - as registered; undefined where that cannot be read: then rotation is assumed.
 * @throws {Fault} `STORE_UNAVAILABLE`, `ROW_INVALID`
 */
export async function markUncertain(
  ports: Ports,
  key: ConnectionKey,
  client: Client | undefined,
): Promise<Marking> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const row = await ports.connections.read(key);
    if (!isLive(row)) return 'gone';
    if (row.state === 'needs_reauth') return 'needs_reauth';
    if (!row.renewal.includes('refresh_token') || client?.definition.rotation === 'none') {
      return 'not_rotating';
    }
    const token = await ports.tokens.read(key, true);
    if ((await mark(ports, row, token)) === 'done') {
      return token?.state === 'revoked' && token.fence > row.fence ? 'deleted_since' : 'marked';
    }
  }
  return 'busy';
}

function mark(
  { connections, clock, random }: Ports,
  row: Connection,
  token: StoredToken | Tombstone | undefined,
): Promise<'done' | 'lost'> {
  const now = clock.now();
  const { credentialFence, lastRefreshedAt, refreshAt } = row;
  return connections.markUncertain({
    key: row,
    seen: row,
    // The earliest moment at which it can have been used: a grace is over that much later.
    intent: { fence: nextFence(row.fence, clock), at: lastRefreshedAt, credentialFence },
    now,
    clockSkewSeconds,
    ...(refreshAt !== undefined && {
      refreshAt: nextTryAt(now, random(), servesUntil(row, token)),
    }),
  });
}

/** When the newest access token that is known of ends, whichever table tells. */
function servesUntil(row: Connection, token: StoredToken | Tombstone | undefined): number {
  const vended = token?.state === 'revoked' ? undefined : token?.expiresAt;
  return Math.max(row.accessTokenExpiresAt ?? 0, vended ?? 0) - leastLifeSeconds;
}

function nextTryAt(now: EpochSeconds, random: number, serves: number): EpochSeconds {
  const wait = seconds(Math.ceil(recoveryDelaySeconds * (1 + random)));
  return Math.max(later(now, wait), serves) as EpochSeconds;
}
