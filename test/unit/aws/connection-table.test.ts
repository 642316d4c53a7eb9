import { PutItemCommand, type PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbConnectionStore } from '../../../lib/aws/dynamodb-connection-store.ts';
import { anAcquisition } from '../../contract/connection-attempts.ts';
import { aKey, aNewConnection, at } from '../../support/connections.ts';
import { type Dynalite, startDynalite } from '../../support/dynalite.ts';
import { connectionsTable } from '../../support/tables.ts';

let dynalite: Dynalite;
beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(() => dynalite.close());

/** A store, and the commands that it sends. */
async function watchedStore() {
  const { client } = dynalite;
  const name = await dynalite.createTable(connectionsTable);
  const sent: { readonly command: string; readonly input: object }[] = [];
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        sent.push({ command: commandName, input: args.input });
        return next(args);
      },
    { step: 'initialize', name: 'watching', override: true },
  );
  const store = dynamodbConnectionStore({ client, name, dueShards: 8 });
  const put = (item: NonNullable<PutItemCommandInput['Item']>) =>
    client.send(new PutItemCommand({ TableName: name, Item: item }));
  return { store, sent, put };
}

describe('a connection', () => {
  it('is read consistently', async () => {
    const { store, sent } = await watchedStore();

    await store.read(aKey());

    expect(sent).toMatchObject([{ command: 'GetItemCommand', input: { ConsistentRead: true } }]);
  });

  it.each([
    ['released', (store: ReturnType<typeof dynamodbConnectionStore>) => store.release(aKey(), 2)],
    [
      'failed',
      (store: ReturnType<typeof dynamodbConnectionStore>) =>
        store.fail(aKey(), 2, { failingSince: at(1), failures: 1, intentSettled: true }),
    ],
  ])('is %s in one write where the intent is its own', async (_, end) => {
    const { store, sent } = await watchedStore();
    await store.connect(aNewConnection(), undefined);
    await store.acquire(anAcquisition());
    sent.splice(0);

    expect(await end(store)).toBe('done');

    expect(sent.map(({ command }) => command)).toEqual(['UpdateItemCommand']);
  });

  it.each([
    ['has no state', {}, 'state is missing'],
    ['bears the id of another', { connection: { S: 'bob' } }, 'connection is not that of pk'],
    ['bears the client of another', { client: { S: 'acme-2' } }, 'client is not that of pk'],
  ])('that %s is refused, naming that', async (_, attributes, problem) => {
    const { store, put } = await watchedStore();
    await put({
      pk: { S: 'acme/ann' },
      client: { S: 'acme' },
      connection: { S: 'ann' },
      ...attributes,
    });

    await expect(store.read(aKey())).rejects.toMatchObject({
      code: 'ROW_INVALID',
      context: { problems: expect.arrayContaining([problem]) },
    });
  });
});
