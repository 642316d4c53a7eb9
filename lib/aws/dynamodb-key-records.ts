import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { KeyRecord, KeyRecordStore, KeyRingName } from '../broker/key-ports.ts';
import { type Change, updateInput } from './expression.ts';
import { instant, withoutUndefined } from './members.ts';
import { parseRow, readItem, type Table } from './row.ts';
import { calling } from './store-fault.ts';

const store = 'key-records';

/** A client's name has no colon, nor has a connection's key: these rows are neither's. */
const recordKey = (ring: KeyRingName, keyId: string) => `keys:${ring}:${keyId}`;

/** What is known of keys, in rows of the connections' table that are in no index. */
export function dynamodbKeyRecords(table: Table): KeyRecordStore {
  const update = async (operation: string, key: string, change: Change) => {
    await calling({ store, operation }, () =>
      table.client.send(new UpdateItemCommand(updateInput(table.name, key, { change }))),
    );
  };
  return {
    read: async (ring, keyId) => {
      const call = { store, operation: 'read', consistent: true };
      const item = await readItem(table, recordKey(ring, keyId), call);
      if (!item) return {};
      return parseRow(table.name, item, (members) =>
        withoutUndefined<KeyRecord>({
          createdAt: members.optional('created_at', instant),
          unusedSince: members.optional('unused_since', instant),
        }),
      );
    },

    noteCreated: (ring, keyId, at) =>
      update('noteCreated', recordKey(ring, keyId), {
        set: { created_at: at, unused_since: undefined },
      }),

    noteUnused: (ring, keyId, at) =>
      update('noteUnused', recordKey(ring, keyId), { set: {}, setIfAbsent: { unused_since: at } }),

    noteUsed: (ring, keyId) =>
      update('noteUsed', recordKey(ring, keyId), { set: { unused_since: undefined } }),
  };
}
