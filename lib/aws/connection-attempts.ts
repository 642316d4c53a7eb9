import type { ConnectionStore } from '../broker/ports.ts';
import { earlier } from '../time.ts';
import {
  fenceBelow,
  fenceIs,
  intentIsNotOf,
  intentIsOf,
  isAsSeen,
  isLive,
  leaseEndedBefore,
  notRevoked,
} from './connection-conditions.ts';
import { buildIntent, buildLease } from './connection-row.ts';
import {
  type ConnectionTable,
  type ConnectionWrite,
  told,
  writeConnection,
} from './connection-table.ts';
import { scheduleAt } from './due-shard.ts';
import { allOf } from './expression.ts';

/**
 * An attempt to refresh, from its lease to its failure.
 *
 * ```text
 *   acquire        fence F, lease, intent unless an older one is undecided
 *     | ... the call ...
 *     +- commit    (connection-answers.ts)
 *     +- fail      lease goes; the intent too, if nothing can have happened
 *     +- release   no call was made: lease and intent go
 *     +- silence   the lease ends by itself; the intent stays and tells the next one
 * ```
 */
export function connectionAttempts(
  table: ConnectionTable,
): Pick<ConnectionStore, 'acquire' | 'release' | 'fail' | 'defer'> {
  return {
    acquire: (input) => writeConnection(table, buildAcquire(input)),

    release: (key, fence) =>
      writeWithOwnIntent(table, fence, {
        operation: 'release',
        key,
        change: { set: { lease: undefined } },
        condition: allOf(fenceIs(fence), notRevoked),
      }),

    fail: (key, fence, failure) => {
      const write = {
        operation: 'fail',
        key,
        change: {
          set: {
            state: 'failing',
            failures: failure.failures,
            failing_since: failure.failingSince,
            ...scheduleAt(key, failure.refreshAt, table.dueShards),
            lease: undefined,
          },
          add: told,
        },
        condition: allOf(fenceIs(fence), isLive),
      };
      return failure.intentSettled
        ? writeWithOwnIntent(table, fence, write)
        : writeConnection(table, write);
    },

    defer: (key, seen, refreshAt) =>
      writeConnection(table, {
        operation: 'defer',
        key,
        change: { set: scheduleAt(key, refreshAt, table.dueShards) },
        condition: allOf(isAsSeen(seen), isLive),
      }),
  };
}

type Acquisition = Parameters<ConnectionStore['acquire']>[0];

function buildAcquire(input: Acquisition): ConnectionWrite {
  const { key, seen, fence, lease, now, clockSkewSeconds, credentialFence } = input;
  return {
    operation: 'acquire',
    key,
    change: {
      set: { fence, changes: 0, lease: buildLease(lease) },
      setIfAbsent: { intent: buildIntent({ fence, at: now, credentialFence }) },
    },
    condition: allOf(
      isAsSeen(seen),
      fenceBelow(fence),
      leaseEndedBefore(earlier(now, clockSkewSeconds)),
      isLive,
    ),
  };
}

/**
 * The write, which also removes the intent if it is this attempt's own. DynamoDB cannot remove on a
 * condition of its own, so there are two forms; under one fence the second holds once the first
 * does not.
 */
async function writeWithOwnIntent(
  table: ConnectionTable,
  fence: number,
  write: ConnectionWrite,
): Promise<'done' | 'lost'> {
  const ending = await writeConnection(table, {
    ...write,
    change: { ...write.change, set: { ...write.change.set, intent: undefined } },
    condition: allOf(write.condition, intentIsOf(fence)),
  });
  if (ending === 'done') return 'done';
  return writeConnection(table, {
    ...write,
    condition: allOf(write.condition, intentIsNotOf(fence)),
  });
}
