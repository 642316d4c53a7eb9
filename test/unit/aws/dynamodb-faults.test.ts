import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { buildConnectionRow } from '../../../lib/aws/connection-row.ts';
import { dynamodbConnectionStore } from '../../../lib/aws/dynamodb-connection-store.ts';
import { dynamodbTokenStore } from '../../../lib/aws/dynamodb-token-store.ts';
import { attributes } from '../../../lib/aws/expression.ts';
import { buildTokenRow } from '../../../lib/aws/token-row.ts';
import { aCommitted, aKey, aNewConnection, aStoredToken, at } from '../../support/connections.ts';
import { startDynalite } from '../../support/dynalite.ts';
import { localCredentials } from '../../support/local-credentials.ts';
import {
  type ServiceReply,
  type ServiceRequest,
  startScriptedService,
} from '../../support/scripted-service.ts';
import { connectionsTable, plainTable } from '../../support/tables.ts';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** Stores on a DynamoDB that answers as the test says. */
async function scriptedStores(answer: (request: ServiceRequest) => ServiceReply) {
  const service = await startScriptedService(answer);
  const client = new DynamoDBClient({ endpoint: service.url, ...localCredentials, maxAttempts: 3 });
  endings.push(async () => {
    client.destroy();
    await service.close();
  });
  const table = { client, name: 'table' };
  return {
    requests: service.requests,
    connections: dynamodbConnectionStore({ ...table, dueShards: 8 }),
    tokens: dynamodbTokenStore(table),
  };
}

const conditionFalse: ServiceReply = {
  status: 400,
  body: { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException' },
};
const serverError: ServiceReply = { status: 500, body: { __type: 'InternalServerError' } };
const item = attributes(buildConnectionRow(aNewConnection(), 0));

describe('a DynamoDB store', () => {
  it('says lost when its write was applied and the answer lost: the SDK tries again', async () => {
    let answered = 0;
    const { tokens, requests } = await scriptedStores(() => {
      answered += 1;
      return answered === 1 ? serverError : conditionFalse;
    });

    expect(await tokens.publish(aStoredToken())).toBe('lost');

    expect(requests).toHaveLength(2);
  });

  it('names the error of the SDK, and nothing else of it', async () => {
    const { tokens } = await scriptedStores(() => ({
      status: 400,
      body: { __type: 'x#AccessDeniedException', Message: 'CANARY-3 may not do this' },
    }));

    const fault = await tokens.read(aKey(), true).catch((error: unknown) => error);

    expect(fault).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      context: { store: 'tokens', operation: 'read', reason: 'AccessDeniedException' },
    });
    expect(JSON.stringify(fault)).not.toContain('CANARY');
  });

  it('gives up a late answer whose row never holds still, so that it is sent again', async () => {
    const { connections, requests } = await scriptedStores(({ operation }) =>
      operation === 'GetItem' ? { body: { Item: item } } : conditionFalse,
    );

    await expect(connections.commitLate(aKey(), 2, aCommitted())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      context: { operation: 'commitLate', reason: 'contention' },
    });
    expect(requests.filter(({ operation }) => operation === 'UpdateItem')).toHaveLength(5);
  });

  it('asks again for the rows that DynamoDB left unread', async () => {
    let batches = 0;
    const { connections } = await scriptedStores(({ operation }) => {
      if (operation === 'Query') return { body: { Items: [{ pk: { S: 'acme/ann' } }] } };
      batches += 1;
      return batches < 3
        ? { body: { Responses: {}, UnprocessedKeys: { table: { Keys: [{ pk: item.pk }] } } } }
        : { body: { Responses: { table: [item] }, UnprocessedKeys: {} } };
    });

    const { connections: found } = await connections.listByClient({
      client: aKey().client,
      limit: 10,
    });

    expect(found.map(({ connection }) => connection)).toEqual(['ann']);
  });

  it('ends a page that looked at much and found little, with a cursor to go on', async () => {
    const { connections, requests } = await scriptedStores(({ operation }) =>
      operation === 'Query'
        ? { body: { Items: [], LastEvaluatedKey: { pk: { S: 'acme/m' } } } }
        : serverError,
    );

    const page = await connections.listByClient({
      client: aKey().client,
      state: 'needs_reauth',
      limit: 10,
    });

    expect(page.connections).toEqual([]);
    expect(page.cursor).toBeDefined();
    expect(requests).toHaveLength(10);
  });

  it('passes over a due entry that addresses nobody, and lists the rest', async () => {
    const { connections } = await scriptedStores(() => ({
      body: {
        Items: [
          { pk: { S: 'not an address' }, refresh_at: { N: '5' } },
          { pk: { S: 'acme/ann' }, refresh_at: { N: '6' } },
        ],
      },
    }));

    const { due } = await connections.listDue({ shard: 0, now: at(0), limit: 10 });

    expect(due).toEqual([{ ...aKey(), refreshAt: 6 }]);
  });
});

describe('a row that does not read back as written', () => {
  async function stores() {
    const dynalite = await startDynalite();
    endings.push(dynalite.close);
    const { client } = dynalite;
    const connectionsName = await dynalite.createTable(connectionsTable);
    const tokensName = await dynalite.createTable(plainTable);
    const put = (table: string, row: Readonly<Record<string, unknown>>) =>
      client.send(new PutItemCommand({ TableName: table, Item: attributes(row) }));
    return {
      connections: dynamodbConnectionStore({ client, name: connectionsName, dueShards: 8 }),
      tokens: dynamodbTokenStore({ client, name: tokensName }),
      putConnection: (row: Readonly<Record<string, unknown>>) => put(connectionsName, row),
      putToken: (row: Readonly<Record<string, unknown>>) => put(tokensName, row),
    };
  }

  it('of a connection is refused, naming each faulty attribute and repeating none', async () => {
    const { connections, putConnection } = await stores();
    const { provider, ...row } = buildConnectionRow(aNewConnection(), 0);
    await putConnection({
      ...row,
      fence: 'CANARY',
      renewal: ['CANARY'],
      lease: { owner: 'a' },
      state: 'CANARY',
      client: 'acme-2',
      scope: 7,
    });

    const fault = await connections.read(aKey()).catch((error: unknown) => error);

    expect(fault).toMatchObject({
      code: 'ROW_INVALID',
      context: {
        key: 'acme/ann',
        problems: [
          'provider is missing',
          'fence must be a whole number',
          'renewal must be a list of refresh_token, password, client_credentials',
          'scope must be a text',
          'client is not that of pk',
          'state must be one of active, failing, needs_reauth',
          'lease.until is missing',
        ],
      },
    });
    expect(JSON.stringify(fault)).not.toContain('CANARY');
  });

  it('of a token is refused likewise', async () => {
    const { tokens, putToken } = await stores();
    const { present, ...row } = buildTokenRow(aStoredToken());
    await putToken({ ...row, warning: { code: 'CANARY', since: 1.5 }, values: { realm: 3 } });

    await expect(tokens.read(aKey(), true)).rejects.toMatchObject({
      code: 'ROW_INVALID',
      context: {
        key: 'acme/ann',
        problems: [
          expect.stringMatching(/^warning\.code must be one of /),
          'warning.since must be whole epoch seconds',
          'present must be an object',
          'present.in is missing',
          'present.name is missing',
          'present.scheme is missing',
          'values must be a map of texts',
        ],
      },
    });
  });

  it('with a number that JavaScript cannot hold is refused', async () => {
    const { connections } = await scriptedStores(() => ({
      body: { Item: { ...item, fence: { N: '1.5E+100' } } },
    }));

    await expect(connections.read(aKey())).rejects.toMatchObject({
      code: 'ROW_INVALID',
      context: { problems: ['an attribute cannot be represented'] },
    });
  });
});

describe('a row that somebody has damaged', () => {
  it('does not read back, names its faults, and can still be put into quarantine', async () => {
    const dynalite = await startDynalite();
    endings.push(() => dynalite.close());
    const name = await dynalite.createTable(connectionsTable);
    const store = dynamodbConnectionStore({ client: dynalite.client, name, dueShards: 1 });
    await dynalite.client.send(
      new PutItemCommand({ TableName: name, Item: { ...item, fence: { S: 'many' } } }),
    );
    await expect(store.read(aKey())).rejects.toMatchObject({ code: 'ROW_INVALID' });

    expect(await store.quarantine(aKey())).toBe('done');

    const { due } = await store.listDue({ shard: 0, now: at(9999), limit: 10 });
    expect(due).toEqual([]);
  });
});
