import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { parseStreamRecord } from '../../lib/aws/stream-record.ts';
import type { ChangeRecord } from '../../local/change-feed.ts';

/** A table with a stream, and what the stream has told so far. */
export interface StreamUnderTest {
  readonly client: DynamoDBClient;
  readonly name: string;
  readonly told: () => readonly ChangeRecord[];
}

const key = (pk: string) => ({ pk: { S: pk } });
const row = (pk: string, fence: number) => ({ ...key(pk), fence: { N: `${fence}` } });

/** The promises of the stream that `publish-events` reads. */
export function tableStreamContract(name: string, newTable: () => Promise<StreamUnderTest>): void {
  describe(`the stream of a table: ${name}`, () => {
    it('tells of each change, with the item before and after it', async () => {
      const { put, remove, update, listen } = await prepare(newTable);

      await put(row('acme/ann', 1));
      await update('acme/ann', 2);
      await remove('acme/ann');

      expect(await listen()).toMatchObject([
        { eventName: 'INSERT', dynamodb: { Keys: key('acme/ann'), NewImage: row('acme/ann', 1) } },
        {
          eventName: 'MODIFY',
          dynamodb: { OldImage: row('acme/ann', 1), NewImage: row('acme/ann', 2) },
        },
        { eventName: 'REMOVE', dynamodb: { OldImage: row('acme/ann', 2) } },
      ]);
    });

    it('has no image of what was not there', async () => {
      const { put, remove, listen } = await prepare(newTable);

      await put(row('acme/ann', 1));
      await remove('acme/ann');

      const [made, removed] = await listen();
      expect(made?.dynamodb).not.toHaveProperty('OldImage');
      expect(removed?.dynamodb).not.toHaveProperty('NewImage');
    });

    it('tells nothing of a write whose condition is false, nor of one that changes nothing', async () => {
      const { put, update, remove, listen } = await prepare(newTable);

      await put(row('acme/ann', 1));
      await expect(update('acme/ann', 3, 2)).rejects.toMatchObject({
        name: 'ConditionalCheckFailedException',
      });
      await put(row('acme/ann', 1));
      await update('acme/ann', 1);
      await remove('acme/bob');

      expect((await listen()).map(({ eventName }) => eventName)).toEqual(['INSERT']);
    });

    it('tells the changes of one item in their order, however many are written at once', async () => {
      const { update, listen } = await prepare(newTable);
      const items = ['acme/ann', 'acme/bob', 'acme/cay'];

      await Promise.all(
        items.map(async (pk) => {
          for (let fence = 1; fence <= 10; fence += 1) await update(pk, fence);
        }),
      );

      const records = await listen();
      const numbers = records.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber));
      expect(new Set(numbers).size).toBe(30);
      for (const pk of items) {
        const own = records.filter(({ dynamodb }) => dynamodb.Keys.pk?.S === pk);
        const fences = own.map(({ dynamodb }) => dynamodb.NewImage?.fence?.N);
        expect(fences).toEqual(Array.from({ length: 10 }, (_, index) => `${index + 1}`));
        expect(own.slice(1).map(({ dynamodb }) => dynamodb.OldImage?.fence?.N)).toEqual(
          fences.slice(0, -1),
        );
      }
    });

    it('dates each change, and gives it a place', async () => {
      const { put, listen } = await prepare(newTable);

      await put(key('acme'));

      const [record = {}] = await listen();
      expect(parseStreamRecord(record)).toEqual({
        position: expect.stringMatching(/^\d+$/),
        changedAt: expect.any(Number),
        change: { row: 'client', client: 'acme', after: expect.anything() },
      });
    });
  });
}

const theEnd = 'the-end';
const pauseMs = 20;

/** What a test does to a table of its own, and how it waits for everything that was told of it. */
async function prepare(newTable: () => Promise<StreamUnderTest>) {
  const { client, name: TableName, told } = await newTable();
  const put = (Item: Record<string, AttributeValue>) =>
    client.send(new PutItemCommand({ TableName, Item }));
  return {
    put,
    remove: (pk: string) => client.send(new DeleteItemCommand({ TableName, Key: key(pk) })),
    /** @param from - the fence that it wants to find. */
    update: (pk: string, fence: number, from?: number) =>
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: key(pk),
          UpdateExpression: 'set fence = :fence',
          ExpressionAttributeValues: {
            ':fence': { N: `${fence}` },
            ...(from !== undefined && { ':from': { N: `${from}` } }),
          },
          ...(from !== undefined && { ConditionExpression: 'fence = :from' }),
        }),
      ),
    /** Everything before a last record of its own. */
    listen: async (): Promise<readonly ChangeRecord[]> => {
      await put(key(theEnd));
      for (;;) {
        const records = told();
        const end = records.findIndex(({ dynamodb }) => dynamodb.Keys.pk?.S === theEnd);
        if (end >= 0) return records.slice(0, end);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    },
  };
}
