import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { SessionStore } from '../broker/ports.ts';
import type { Attributes } from './connection-row.ts';
import { allOf, attributes, compare, conditionInput } from './expression.ts';
import { isUnexpired } from './pending-connections.ts';
import { exchanging, readItem, type Table } from './row.ts';
import {
  authorizationKey,
  buildAuthorizationRow,
  buildSessionRow,
  parseAuthorizationRow,
  parseSessionRow,
  sessionKey,
} from './session-row.ts';
import { calling } from './store-fault.ts';

const store = 'sessions';

/** Sessions and pending authorizations in DynamoDB. TTL only tidies up: expiry is always asked. */
export function dynamodbSessionStore(table: Table): SessionStore {
  const put = async (operation: string, row: Attributes) => {
    await calling({ store, operation }, () =>
      table.client.send(new PutItemCommand({ TableName: table.name, Item: attributes(row) })),
    );
  };

  return {
    putSession: (session) => put('putSession', buildSessionRow(session)),

    readSession: async (sessionHash, now) => {
      const call = { store, operation: 'readSession', consistent: true };
      const item = await readItem(table, sessionKey(sessionHash), call);
      const session = item && parseSessionRow(table.name, item, sessionHash);
      return session && session.expiresAt > now ? session : undefined;
    },

    putAuthorization: (pending) => put('putAuthorization', buildAuthorizationRow(pending)),

    takeAuthorization: async (stateHash, cookieHash, now) => {
      const item = await exchanging({ store, operation: 'takeAuthorization' }, () =>
        table.client.send(
          new DeleteItemCommand({
            TableName: table.name,
            Key: { pk: { S: authorizationKey(stateHash) } },
            ReturnValues: 'ALL_OLD',
            ...conditionInput(allOf(compare('cookie_hash', 'is', cookieHash), isUnexpired(now))),
          }),
        ),
      );
      return item && parseAuthorizationRow(table.name, item, stateHash);
    },
  };
}
