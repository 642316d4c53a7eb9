import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { TokenStore } from '../broker/ports.ts';
import { type ConnectionKey, keyText } from '../names.ts';
import type { EpochSeconds } from '../time.ts';
import { fenceBelow, fenceIs, isNew, notRevoked } from './connection-conditions.ts';
import { type Attributes, buildTombstoneRow } from './connection-row.ts';
import {
  absent,
  allOf,
  anyOf,
  attributes,
  type Change,
  compare,
  conditionInput,
  type Expression,
  updateInput,
} from './expression.ts';
import { readItem, type Table, writing } from './row.ts';
import { buildStatus, buildTokenRow, parseTokenRow } from './token-row.ts';

const store = 'tokens';

/** The row is not claimed, or was until `now`, or by this very claimer. */
const isClaimable = (by: string, now: EpochSeconds) =>
  anyOf(
    absent('refresh_claimed_until'),
    compare('refresh_claimed_until', 'atMost', now),
    compare('refresh_claimed_by', 'is', by),
  );

/** The access tokens in DynamoDB. A tombstone's fence keeps late writers out like any other. */
export function dynamodbTokenStore(table: Table): TokenStore {
  return {
    read: async (key, consistent) => {
      const item = await readItem(table, keyText(key), { store, operation: 'read', consistent });
      return item && parseTokenRow(table.name, item);
    },

    publish: (token) =>
      replaceOlder(table, 'publish', {
        ...buildTokenRow(token),
        refresh_claimed_until: undefined,
        refresh_claimed_by: undefined,
      }),

    note: (key, fence, status) =>
      updateToken(table, key, {
        operation: 'note',
        change: { set: buildStatus(status) },
        condition: allOf(compare('fence', 'atMost', fence), notRevoked),
      }),

    claim: (key, fence, { by, until, now }) =>
      updateToken(table, key, {
        operation: 'claim',
        change: { set: { refresh_claimed_until: until, refresh_claimed_by: by } },
        condition: allOf(fenceIs(fence), notRevoked, isClaimable(by, now)),
      }),

    remove: (tombstone, expiresAt) =>
      replaceOlder(table, 'remove', buildTombstoneRow(tombstone, expiresAt)),
  };
}

/** Writes the row where there is none yet, or one of a lower fence. */
function replaceOlder(
  { client, name }: Table,
  operation: string,
  row: Attributes & { readonly fence: number },
): Promise<'done' | 'lost'> {
  const condition = conditionInput(anyOf(isNew, fenceBelow(row.fence)));
  return writing({ store, operation }, () =>
    client.send(new PutItemCommand({ TableName: name, Item: attributes(row), ...condition })),
  );
}

function updateToken(
  { client, name }: Table,
  key: ConnectionKey,
  write: { readonly operation: string; readonly change: Change; readonly condition: Expression },
): Promise<'done' | 'lost'> {
  const input = updateInput(name, keyText(key), write);
  return writing({ store, operation: write.operation }, () =>
    client.send(new UpdateItemCommand(input)),
  );
}
