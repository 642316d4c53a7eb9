import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ConnectionStore, PendingConnection } from '../broker/ports.ts';
import type { EpochSeconds } from '../time.ts';
import { type Attributes, buildGrant, parseGrant } from './connection-row.ts';
import { store } from './connection-table.ts';
import { attributes, compare, conditionInput, type Expression } from './expression.ts';
import { flag, instant, type Members } from './members.ts';
import { exchanging, type Item, parseRow, readItem, type Table } from './row.ts';
import { calling } from './store-fault.ts';
import { buildToken, parseToken } from './token-row.ts';

/**
 * Grants that await their confirmation, as rows of the connections' own table. They carry no
 * `client` and no `refresh_at` of their own, so they are in neither index.
 */
export function pendingConnections(
  table: Table,
): Pick<ConnectionStore, 'holdPending' | 'readPending' | 'takePending'> {
  return {
    holdPending: async (pending) => {
      await calling({ store, operation: 'holdPending' }, () =>
        table.client.send(
          new PutItemCommand({ TableName: table.name, Item: attributes(buildPending(pending)) }),
        ),
      );
    },

    readPending: async (completionHash, now) => {
      const call = { store, operation: 'readPending', consistent: true };
      const item = await readItem(table, pendingKey(completionHash), call);
      const pending = item && parsePending(table.name, item, completionHash);
      return pending && pending.expiresAt > now ? pending : undefined;
    },

    takePending: async (completionHash, now) => {
      const item = await exchanging({ store, operation: 'takePending' }, () =>
        table.client.send(
          new DeleteItemCommand({
            TableName: table.name,
            Key: { pk: { S: pendingKey(completionHash) } },
            ReturnValues: 'ALL_OLD',
            ...conditionInput(isUnexpired(now)),
          }),
        ),
      );
      return item && parsePending(table.name, item, completionHash);
    },
  };
}

/** The row has not reached its end. TTL deletes late, so every read asks. */
export const isUnexpired = (now: EpochSeconds): Expression =>
  compare('expires_at', 'moreThan', now);

const pendingKey = (completionHash: string) => `pending:${completionHash}`;

/** Such a grant as a row. */
export function buildPending(pending: PendingConnection): Attributes {
  return {
    pk: pendingKey(pending.completionHash),
    expires_at: pending.expiresAt,
    allow_account_switch: pending.allowAccountSwitch,
    grant: buildGrant(pending.connection),
    token: buildToken(pending.token),
  };
}

/** @throws {Fault} `ROW_INVALID` naming every faulty attribute. */
export function parsePending(table: string, item: Item, completionHash: string): PendingConnection {
  return parseRow(table, item, (members: Members) => {
    const connection = members.requiredWithin('grant', parseGrant);
    return {
      completionHash,
      expiresAt: members.required('expires_at', instant),
      allowAccountSwitch: members.required('allow_account_switch', flag),
      connection,
      token: members.requiredWithin('token', (token) => parseToken(token, connection)),
    };
  });
}
