import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ChangeRecord, startChangeFeed } from '../../local/change-feed.ts';
import { startDynamoDb } from '../../local/dynamodb-server.ts';
import type { RunningServer } from '../../local/http-server.ts';
import { createTable } from '../../local/tables.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { plainTable } from '../support/tables.ts';

let servers: readonly RunningServer[];
let dynamodb: DynamoDBClient;
let records: ChangeRecord[] = [];

beforeAll(async () => {
  const behind = await startDynamoDb({ port: 0 });
  const feed = await startChangeFeed({
    port: 0,
    target: behind.url,
    tables: ['streamed'],
    onChange: (table, record) => {
      expect(table).toBe('streamed');
      records.push(record);
    },
  });
  servers = [feed, behind];
  dynamodb = new DynamoDBClient({ endpoint: feed.url, ...localCredentials });
  for (const name of ['streamed', 'plain']) await createTable(dynamodb, plainTable(name));
});
beforeEach(() => {
  records = [];
});
afterAll(async () => {
  dynamodb.destroy();
  for (const server of servers) await server.close();
});

const put = (pk: string, value: string, TableName = 'streamed') =>
  dynamodb.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, value: { S: value } } }));
const remove = (pk: string) =>
  dynamodb.send(new DeleteItemCommand({ TableName: 'streamed', Key: { pk: { S: pk } } }));
const item = (pk: string, value: string) => ({ pk: { S: pk }, value: { S: value } });

test('each change of an item is told, as it was and as it is', async () => {
  await put('a', '1');
  await put('a', '2');
  await remove('a');

  expect(records).toMatchObject([
    { eventName: 'INSERT', dynamodb: { Keys: { pk: { S: 'a' } }, NewImage: item('a', '1') } },
    { eventName: 'MODIFY', dynamodb: { OldImage: item('a', '1'), NewImage: item('a', '2') } },
    { eventName: 'REMOVE', dynamodb: { OldImage: item('a', '2') } },
  ]);
  expect(records[0]?.dynamodb).not.toHaveProperty('OldImage');
  expect(records[2]?.dynamodb).not.toHaveProperty('NewImage');
});

test('records are numbered in their order', async () => {
  for (let index = 0; index < 5; index += 1) await put('b', `${index}`);

  const numbers = records.map(({ dynamodb: { SequenceNumber } }) => BigInt(SequenceNumber));

  expect(numbers).toHaveLength(5);
  for (const [index, number] of numbers.entries()) {
    if (index > 0) expect(number > (numbers[index - 1] ?? 0n)).toBe(true);
  }
});

test('what changes nothing is not told: the same again, a condition that is false, a read', async () => {
  await put('c', '1');
  records = [];

  await put('c', '1');
  await remove('nobody');
  const update = new UpdateItemCommand({
    TableName: 'streamed',
    Key: { pk: { S: 'c' } },
    UpdateExpression: 'SET #v = :two',
    ConditionExpression: '#v = :two',
    ExpressionAttributeNames: { '#v': 'value' },
    ExpressionAttributeValues: { ':two': { S: '2' } },
  });
  await expect(dynamodb.send(update)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
  await dynamodb.send(new GetItemCommand({ TableName: 'streamed', Key: { pk: { S: 'c' } } }));

  expect(records).toEqual([]);
});

test('a table without a stream is passed through', async () => {
  await put('d', '1', 'plain');

  const { Items } = await dynamodb.send(
    new QueryCommand({
      TableName: 'plain',
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'd' } },
    }),
  );

  expect(Items).toEqual([item('d', '1')]);
  expect(records).toEqual([]);
});

test('of many writers at once each is told once, and each takes over what the last one left', async () => {
  const add = () =>
    dynamodb.send(
      new UpdateItemCommand({
        TableName: 'streamed',
        Key: { pk: { S: 'e' } },
        UpdateExpression: 'ADD #count :one',
        ExpressionAttributeNames: { '#count': 'count' },
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    );

  await Promise.all(Array.from({ length: 20 }, add));

  expect(records.map(({ dynamodb: { NewImage } }) => NewImage?.count)).toEqual(
    Array.from({ length: 20 }, (_, index) => ({ N: `${index + 1}` })),
  );
  for (const [index, { dynamodb: images }] of records.entries()) {
    expect(images.OldImage).toEqual(records[index - 1]?.dynamodb.NewImage);
  }
});

test('a request that is none is answered by the database itself', async () => {
  const [feed] = servers;

  const answer = await fetch(String(feed?.url), {
    method: 'POST',
    headers: { 'x-amz-target': 'DynamoDB_20120810.PutItem' },
    body: '{',
  });

  expect(answer.status).toBe(404);
  expect(records).toEqual([]);
});
