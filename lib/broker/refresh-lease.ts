import { isFault } from '../fault.ts';
import { type EpochSeconds, later } from '../time.ts';
import { isLive } from './establish-connection.ts';
import { nextFence } from './fence.ts';
import type { Connection, Lease, RefreshReply, StoredToken } from './ports.ts';
import { answerWithoutCall, type RefreshCause } from './refresh-need.ts';
import { type RefreshPorts, replyAsFound } from './refresh-replies.ts';
import { silenceEndsAt } from './refresh-timing.ts';

/** The right to call the provider for a connection, alone. */
export interface Leased {
  /** The connection as it was when the lease was taken. */
  readonly row: Connection;
  readonly fence: number;
}

interface Wanted {
  readonly row: Connection;
  readonly token: StoredToken | undefined;
  readonly cause: RefreshCause;
  /** When the attempt began. */
  readonly now: EpochSeconds;
}

/**
 * Takes the lease of a connection. Where it was put off since it was read, and nobody has begun an
 * attempt, its row is looked at again: it may still be worth one, once.
 *
 * @returns the lease, or what there is to reply without it.
 */
export async function takeLease(
  ports: RefreshPorts,
  wanted: Wanted,
): Promise<Leased | RefreshReply> {
  const first = await acquire(ports, wanted);
  if (first.ending !== 'put_off') return takenOrAsFound(ports, wanted.row, first);
  const { row } = first;
  const settled = answerWithoutCall(ports, { ...wanted, row });
  if (settled) return settled;
  return takenOrAsFound(ports, row, await acquire(ports, { ...wanted, row }));
}

type Acquired =
  | { readonly ending: 'taken'; readonly fence: number }
  | { readonly ending: 'put_off'; readonly row: Connection }
  | { readonly ending: 'lost' };

async function takenOrAsFound(
  ports: RefreshPorts,
  row: Connection,
  acquired: Acquired,
): Promise<Leased | RefreshReply> {
  if (acquired.ending === 'taken') return { row, fence: acquired.fence };
  ports.count('refresh_race_lost', { provider: row.provider });
  return replyAsFound(ports, row);
}

/**
 * One conditional write. It is ours also when it was applied although its answer was lost: a lease
 * that nobody knows to have would leave the credential in doubt.
 */
async function acquire(ports: RefreshPorts, { row, now }: Wanted): Promise<Acquired> {
  const { connections, timing } = ports;
  const fence = nextFence(row.fence, ports.clock);
  const lease: Lease = { owner: ports.randomToken(), until: later(now, timing.leaseSeconds) };
  const taken = { ending: 'taken', fence } as const;
  const lookAgain = async (): Promise<Acquired> => {
    const current = await connections.read(row);
    if (!isLive(current)) return { ending: 'lost' };
    if (current.lease?.owner === lease.owner) return taken;
    return isOnlyPutOff(row, current) ? { ending: 'put_off', row: current } : { ending: 'lost' };
  };
  const { clockSkewSeconds } = timing;
  const { refreshAt, credentialFence } = row;
  const retryAt = silenceEndsAt(timing, lease.until);
  const attempt = { fence, lease, now, clockSkewSeconds, refreshAt, retryAt, credentialFence };
  try {
    const result = await connections.acquire({ key: row, seen: row, ...attempt });
    return result === 'done' ? taken : await lookAgain();
  } catch (error) {
    if (!isFault(error) || error.code !== 'STORE_UNAVAILABLE') throw error;
    const found = await lookAgain();
    if (found.ending === 'taken') return found;
    throw error;
  }
}

function isOnlyPutOff(seen: Connection, current: Connection): boolean {
  return (
    current.fence === seen.fence &&
    current.committedFence === seen.committedFence &&
    current.refreshAt !== seen.refreshAt
  );
}
