import type { ConnectionStore } from '../broker/ports.ts';
import { earlier } from '../time.ts';
import {
  fenceBelow,
  fenceIs,
  isAsSeen,
  isLive,
  isThere,
  leaseEndedBefore,
  notRevoked,
} from './connection-conditions.ts';
import { buildIntent } from './connection-row.ts';
import { type ConnectionTable, writeConnection } from './connection-table.ts';
import { allOf } from './expression.ts';

/** What is changed in a connection without an attempt: by its operator, or because it is malformed. */
export function connectionRepairs(
  table: ConnectionTable,
): Pick<ConnectionStore, 'markUncertain' | 'quarantine' | 'repin'> {
  return {
    quarantine: (key) =>
      writeConnection(table, {
        operation: 'quarantine',
        key,
        change: { set: { refresh_at: undefined } },
        condition: isThere,
      }),

    markUncertain: (input) => {
      const { key, seen, intent, now, clockSkewSeconds, refreshAt } = input;
      const { fence } = intent;
      return writeConnection(table, {
        operation: 'markUncertain',
        key,
        change: {
          set: {
            fence,
            changes: 0,
            lease: undefined,
            // Its shard stays: every row was given one when it was connected.
            ...(refreshAt !== undefined && { refresh_at: refreshAt }),
          },
          setIfAbsent: { intent: buildIntent(intent) },
        },
        condition: allOf(
          isAsSeen(seen),
          fenceBelow(fence),
          leaseEndedBefore(earlier(now, clockSkewSeconds)),
          isLive,
        ),
      });
    },

    repin: (key, seenFence, { clientId, origins }) =>
      writeConnection(table, {
        operation: 'repin',
        key,
        change: { set: { client_id: clientId, origins } },
        condition: allOf(fenceIs(seenFence), notRevoked),
      }),
  };
}
