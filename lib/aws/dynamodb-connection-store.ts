import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ConnectionStore } from '../broker/ports.ts';
import { clientIndex } from './client-index.ts';
import { connectionAnswers } from './connection-answers.ts';
import { connectionAttempts } from './connection-attempts.ts';
import { fenceBelow, fenceIs, isNew } from './connection-conditions.ts';
import { connectionRepairs } from './connection-repairs.ts';
import { type Attributes, buildConnectionRow, buildTombstoneRow } from './connection-row.ts';
import { type ConnectionTable, readConnection, store } from './connection-table.ts';
import { dueIndex } from './due-index.ts';
import { dueShard } from './due-shard.ts';
import { allOf, attributes, conditionInput, type Expression } from './expression.ts';
import { pendingConnections } from './pending-connections.ts';
import { writing } from './row.ts';

/**
 * The connections in DynamoDB: every change is one conditional write of one row, decided by its
 * fences. No scan and no transaction.
 */
export function dynamodbConnectionStore(table: ConnectionTable): ConnectionStore {
  const put = (operation: string, row: Attributes, condition: Expression) =>
    writing({ store, operation }, () =>
      table.client.send(
        new PutItemCommand({
          TableName: table.name,
          Item: attributes(row),
          ...conditionInput(condition),
        }),
      ),
    );

  return {
    read: (key) => readConnection(table, key),

    connect: (next, seenFence) =>
      put(
        'connect',
        buildConnectionRow(next, dueShard(next, table.dueShards)),
        seenFence === undefined ? isNew : replaces(seenFence, next.fence),
      ),

    remove: (tombstone, seenFence, expiresAt) =>
      put('remove', buildTombstoneRow(tombstone, expiresAt), replaces(seenFence, tombstone.fence)),

    ...connectionAttempts(table),
    ...connectionRepairs(table),
    ...connectionAnswers(table),
    ...dueIndex(table),
    ...clientIndex(table),
    ...pendingConnections(table),
  };
}

/** The row is the one that was read, and the one to be written comes after it. */
const replaces = (seenFence: number, fence: number) => allOf(fenceIs(seenFence), fenceBelow(fence));
