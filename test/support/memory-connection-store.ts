import type {
  Connection,
  ConnectionKey,
  ConnectionStore,
  PendingConnection,
  Tombstone,
} from '../../lib/broker/ports.ts';
import { keyText } from '../../lib/names.ts';
import {
  acquired,
  committed,
  connected,
  failed,
  isLiveAsSeen,
  lateCommitted,
  markedDead,
  markedUncertain,
  released,
  reminded,
  rescheduled,
} from './connection-changes.ts';
import { listByClient, listDue } from './connection-listing.ts';

type Row = Connection | Tombstone;

/** A `ConnectionStore` in a `Map`: as strict as the port asks, and nothing else. */
export interface MemoryConnectionStore extends ConnectionStore {
  /** Everything in it, for a test to look at. */
  readonly rows: ReadonlyMap<string, Row>;
  /** Puts a row there as it is, whatever was there before. */
  readonly put: (row: Row) => void;
}

/** @param options.dueShards - into how many partitions the index `due` is spread. */
export function memoryConnectionStore(
  connections: readonly Connection[] = [],
  { dueShards = 8 }: { readonly dueShards?: number } = {},
): MemoryConnectionStore {
  const rows = new Map<string, Row>();
  const put = (row: Row) => {
    rows.set(keyText(row), row);
  };
  for (const connection of connections) put(connection);

  /** One linearizable step: nothing else runs between its reading and its writing. */
  const change = (key: ConnectionKey, next: (row: Connection) => Connection | undefined) => {
    const row = rows.get(keyText(key));
    const changed = row && row.state !== 'revoked' ? next(row) : undefined;
    if (!changed) return 'lost';
    put(changed);
    return 'done';
  };
  const replace = (row: Row, seenFence: number | undefined) => {
    const current = rows.get(keyText(row));
    if (current?.fence !== seenFence) return 'lost';
    if (seenFence !== undefined && row.fence <= seenFence) return 'lost';
    put(row);
    return 'done';
  };

  return {
    rows,
    put,
    read: async (key) => rows.get(keyText(key)),
    acquire: async (input) => change(input.key, (row) => acquired(row, input)),
    release: async (key, fence) => change(key, (row) => released(row, fence)),
    commit: async (key, fence, answer) => change(key, (row) => committed(row, fence, answer)),
    commitLate: async (key, fence, answer) =>
      change(key, (row) => lateCommitted(row, fence, answer)),
    fail: async (key, fence, failure) => change(key, (row) => failed(row, fence, failure)),

    defer: async (key, seen, refreshAt) =>
      change(key, (row) => (isLiveAsSeen(row, seen) ? { ...row, refreshAt } : undefined)),
    reschedule: async (key, fence, schedule) =>
      change(key, (row) => rescheduled(row, fence, schedule)),
    remind: async (key, seen, next) => change(key, (row) => reminded(row, seen, next)),
    quarantine: async (key) => change(key, ({ refreshAt: _, ...row }) => row),
    markUncertain: async (input) => change(input.key, (row) => markedUncertain(row, input)),
    repin: async (key, seenFence, pinned) =>
      change(key, (row) => (row.fence === seenFence ? { ...row, ...pinned } : undefined)),
    markDead: async (key, seen, death) => change(key, (row) => markedDead(row, seen, death)),
    connect: async (next, seenFence) => replace(connected(next), seenFence),
    remove: async (tombstone, seenFence) => replace(tombstone, seenFence),
    listDue: async (input) => listDue([...rows.values()], { ...input, dueShards }),
    listByClient: async (input) => listByClient([...rows.values()], input),
    ...memoryPendingConnections(),
  };
}

function memoryPendingConnections(): Pick<
  ConnectionStore,
  'holdPending' | 'readPending' | 'takePending'
> {
  const held = new Map<string, PendingConnection>();
  return {
    readPending: async (completionHash, now) => {
      const pending = held.get(completionHash);
      return pending && pending.expiresAt > now ? pending : undefined;
    },
    holdPending: async (pending) => {
      held.set(pending.completionHash, pending);
    },
    takePending: async (completionHash, now) => {
      const pending = held.get(completionHash);
      if (!pending || pending.expiresAt <= now) return undefined;
      held.delete(completionHash);
      return pending;
    },
  };
}
