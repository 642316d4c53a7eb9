/** The two lists, on a DynamoDB whose indexes are behind, damaged, or short of throughput. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { listAddresses } from '../../../lib/aws/client-index.ts';
import { buildConnectionRow, buildTombstoneRow } from '../../../lib/aws/connection-row.ts';
import { dynamodbConnectionStore } from '../../../lib/aws/dynamodb-connection-store.ts';
import { attributes } from '../../../lib/aws/expression.ts';
import { aKey, aNewConnection, aTombstone, at } from '../../support/connections.ts';
import { localCredentials } from '../../support/local-credentials.ts';
import { type ServiceReply, startScriptedService } from '../../support/scripted-service.ts';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

interface Sent {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A store on a DynamoDB that answers each operation as the test says. */
async function scriptedStore(answers: Readonly<Record<string, (calls: number) => object>>) {
  const sent: Sent[] = [];
  const service = await startScriptedService(({ operation, body }): ServiceReply => {
    sent.push({ operation, input: JSON.parse(body) });
    const calls = sent.filter((each) => each.operation === operation).length;
    return { body: answers[operation]?.(calls) ?? {} };
  });
  const client = new DynamoDBClient({ endpoint: service.url, ...localCredentials });
  endings.push(async () => {
    client.destroy();
    await service.close();
  });
  const table = { client, name: 'table', dueShards: 8 };
  return { table, store: dynamodbConnectionStore(table), sent };
}

const { client } = aKey();
const keyOf = (id: string) => ({ pk: { S: `acme/${id}` } });
const rowOf = (id: string, changes: object = {}) =>
  attributes({ ...buildConnectionRow(aNewConnection({ ...aKey(id) }), 0), ...changes });
const found = (...ids: readonly string[]) => ({ Items: ids.map(keyOf) });
const rows = (...items: readonly object[]) => ({ Responses: { table: items } });

describe('a client’s list', () => {
  it('asks the index for those of the client, and one more than a page holds', async () => {
    const { store, sent } = await scriptedStore({ Query: () => found() });

    await store.listByClient({ client, limit: 10 });

    expect(sent).toHaveLength(1);
    expect(sent[0]?.input).toMatchObject({
      IndexName: 'by_client',
      Limit: 11,
      KeyConditionExpression: '#client = :client_is',
      ExpressionAttributeValues: { ':client_is': { S: 'acme' } },
    });
    expect(sent[0]?.input).not.toHaveProperty('FilterExpression');
  });

  it('has the index leave out other states, and looks at many entries for that', async () => {
    const { store, sent } = await scriptedStore({ Query: () => found() });

    await store.listByClient({ client, state: 'failing', limit: 10 });

    expect(sent[0]?.input).toMatchObject({
      Limit: 500,
      FilterExpression: '#state = :state_is',
      ExpressionAttributeValues: { ':client_is': { S: 'acme' }, ':state_is': { S: 'failing' } },
    });
  });

  it('reads each row consistently, since the index may be behind', async () => {
    const { store, sent } = await scriptedStore({
      Query: () => found('ann'),
      BatchGetItem: () => rows(rowOf('ann')),
    });

    await store.listByClient({ client, limit: 10 });

    expect(sent[1]?.input).toMatchObject({ RequestItems: { table: { ConsistentRead: true } } });
  });

  it('leaves out what has another state, or is deleted, by its row', async () => {
    const { store } = await scriptedStore({
      Query: () => found('ann', 'bob', 'eve'),
      BatchGetItem: () =>
        rows(
          rowOf('ann'),
          rowOf('bob', { state: 'failing' }),
          attributes(buildTombstoneRow(aTombstone({ ...aKey('eve') }), at(9))),
        ),
    });
    const list = async (state?: 'failing') => {
      const { connections } = await store.listByClient({
        client,
        limit: 10,
        ...(state && { state }),
      });
      return connections.map(({ connection }) => connection);
    };

    expect(await list('failing')).toEqual(['bob']);
    expect(await list()).toEqual(['ann', 'bob']);
  });

  it('is in the order of its ids, in whatever order the rows come', async () => {
    const { store } = await scriptedStore({
      Query: () => found('ann', 'bob', 'eve'),
      BatchGetItem: () => rows(rowOf('eve'), rowOf('ann'), rowOf('bob')),
    });

    const { connections } = await store.listByClient({ client, limit: 10 });

    expect(connections.map(({ connection }) => connection)).toEqual(['ann', 'bob', 'eve']);
  });

  it('goes on after the last that it has shown, where there is one more', async () => {
    const { store, sent } = await scriptedStore({
      Query: () => found('ann', 'bob', 'eve'),
      BatchGetItem: () => rows(rowOf('ann'), rowOf('bob')),
    });

    const { cursor = '' } = await store.listByClient({ client, limit: 2 });
    await store.listByClient({ client, limit: 2, cursor });

    expect(sent[1]?.input).toMatchObject({
      RequestItems: { table: { Keys: [keyOf('ann'), keyOf('bob')] } },
    });
    expect(sent[2]?.input).toMatchObject({
      ExpressionAttributeValues: { ':connection_moreThan': { S: 'bob' } },
    });
  });

  it('ends without a cursor where the last page is exactly full', async () => {
    const { store } = await scriptedStore({
      Query: () => found('ann', 'bob'),
      BatchGetItem: () => rows(rowOf('ann'), rowOf('bob')),
    });

    const page = await store.listByClient({ client, limit: 2 });

    expect(page.connections).toHaveLength(2);
    expect(page).not.toHaveProperty('cursor');
  });

  it.each(['', 'acme', 'acme/', 'acme/ann/more', 'other/ann'])(
    'refuses the cursor %j, and asks for nothing',
    async (text) => {
      const { store, sent } = await scriptedStore({});
      const cursor = Buffer.from(text).toString('base64url');

      await expect(store.listByClient({ client, limit: 10, cursor })).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
      expect(sent).toEqual([]);
    },
  );

  it('passes over an entry that addresses nobody', async () => {
    const { store, sent } = await scriptedStore({
      Query: () => ({ Items: [{ pk: { S: 'not an address' } }, keyOf('ann')] }),
      BatchGetItem: () => rows(rowOf('ann')),
    });

    const { connections } = await store.listByClient({ client, limit: 10 });

    expect(connections).toHaveLength(1);
    expect(sent[1]?.input).toMatchObject({ RequestItems: { table: { Keys: [keyOf('ann')] } } });
  });

  it('goes on after the entry that a page ended with', async () => {
    const { store, sent } = await scriptedStore({
      Query: (calls) => (calls === 1 ? { LastEvaluatedKey: keyOf('m') } : {}),
    });

    await store.listByClient({ client, state: 'failing', limit: 10 });

    expect(sent[1]?.input).toMatchObject({
      KeyConditionExpression: '#client = :client_is AND #connection > :connection_moreThan',
      ExpressionAttributeValues: { ':connection_moreThan': { S: 'm' } },
    });
  });

  it('is empty where the service says nothing, and then asks for no rows', async () => {
    const { store, sent } = await scriptedStore({});

    expect(await store.listByClient({ client, limit: 10 })).toEqual({ connections: [] });
    expect(sent.map(({ operation }) => operation)).toEqual(['Query']);
  });

  it('asks for a hundred rows at once, and not for none after them', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `c${100 + index}`);
    const { store, sent } = await scriptedStore({
      Query: () => found(...ids),
      BatchGetItem: () => rows(...ids.map((id) => rowOf(id))),
    });

    const { connections } = await store.listByClient({ client, limit: 100 });

    expect(connections).toHaveLength(100);
    expect(sent.map(({ operation }) => operation)).toEqual(['Query', 'BatchGetItem']);
  });

  it('ends after ten requests that found nothing, and tells where to go on', async () => {
    const { store, sent } = await scriptedStore({
      Query: (calls) => ({ LastEvaluatedKey: keyOf(`c${100 + calls}`) }),
    });

    const { connections, cursor = '' } = await store.listByClient({
      client,
      state: 'failing',
      limit: 10,
    });

    expect(connections).toEqual([]);
    expect(sent).toHaveLength(10);
    await store.listByClient({ client, state: 'failing', limit: 10, cursor });
    expect(sent[10]?.input).toMatchObject({
      ExpressionAttributeValues: { ':connection_moreThan': { S: 'c110' } },
    });
  });

  it('is cut short by rows that are not there', async () => {
    const { store } = await scriptedStore({ Query: () => found('ann') });

    expect(await store.listByClient({ client, limit: 10 })).toEqual({ connections: [] });
  });

  it('gives up after five tries for rows that are not read, naming that', async () => {
    const { store, sent } = await scriptedStore({
      Query: () => found('ann'),
      BatchGetItem: () => ({ UnprocessedKeys: { table: { Keys: [keyOf('ann')] } } }),
    });

    await expect(store.listByClient({ client, limit: 10 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      context: { store: 'connections', operation: 'listByClient', reason: 'UnprocessedKeys' },
    });
    expect(sent.filter(({ operation }) => operation === 'BatchGetItem')).toHaveLength(5);
  });
});

describe('the addresses of a client’s connections', () => {
  it('come from the index alone, and each page from where the one before has ended', async () => {
    const { table, sent } = await scriptedStore({
      Query: (calls) => {
        const ids = Array.from({ length: 201 }, (_, index) => `c${calls}${100 + index}`);
        return calls === 1 ? found(...ids) : found('last');
      },
    });

    const first = await listAddresses(table, { client });
    const { after = aKey() } = first;
    const last = await listAddresses(table, { client, after });

    expect(first.keys).toHaveLength(200);
    expect(first.after).toEqual(aKey('c1299'));
    expect(last).toEqual({ keys: [aKey('last')] });
    expect(sent.map(({ operation }) => operation)).toEqual(['Query', 'Query']);
    expect(sent[1]?.input).toMatchObject({
      ExpressionAttributeValues: { ':connection_moreThan': { S: 'c1299' } },
    });
  });
});

describe('the list of what is due', () => {
  const input = { shard: 3, now: at(0), limit: 10 };

  it('is empty where the service says nothing', async () => {
    const { store } = await scriptedStore({});

    expect(await store.listDue(input)).toEqual({ due: [] });
  });

  it('passes over an entry whose moment is none', async () => {
    const { store } = await scriptedStore({
      Query: () => ({
        Items: [
          { ...keyOf('ann'), refresh_at: { N: '1.5' } },
          { ...keyOf('bob'), refresh_at: { N: '6' } },
          keyOf('eve'),
        ],
      }),
    });

    expect((await store.listDue(input)).due).toEqual([{ ...aKey('bob'), refreshAt: 6 }]);
  });

  it('goes on after the entry that a page ended with', async () => {
    const { store, sent } = await scriptedStore({
      Query: () => ({ LastEvaluatedKey: { ...keyOf('m'), refresh_at: { N: '7' } } }),
    });
    const { cursor = '' } = await store.listDue(input);

    await store.listDue({ ...input, cursor });

    expect(sent[1]?.input).toMatchObject({
      ExclusiveStartKey: { ...keyOf('m'), shard: { N: '3' }, refresh_at: { N: '7' } },
    });
  });

  it.each(['', 'x', 'not a moment acme/ann', '7', '7 acme/ann more', '-7 acme/ann'])(
    'refuses the cursor %j',
    async (text) => {
      const { store, sent } = await scriptedStore({});
      const cursor = Buffer.from(text).toString('base64url');

      await expect(store.listDue({ ...input, cursor })).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
      expect(sent).toEqual([]);
    },
  );
});
