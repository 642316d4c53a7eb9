import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningServer } from '../../local/http-server.ts';
import { createQueues } from '../../local/queues.ts';
import { readServiceDefinition } from '../../local/service-definition.ts';
import { buildRoutes, buildStreamRoutes } from '../../local/stack-parts.ts';
import { createTables } from '../../local/tables.ts';
import { removeTable } from '../support/function-resources.ts';
import { startDynamoDbService, startQueueService } from '../support/services.ts';

const definition = readServiceDefinition(new URL('../../serverless.yml', import.meta.url), 'local');
const clientOptions = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

let servers: readonly RunningServer[];
let dynamodb: DynamoDBClient;
let sqs: SQSClient;

beforeAll(async () => {
  const tables = await startDynamoDbService();
  const queues = await startQueueService();
  servers = [tables, queues];
  dynamodb = new DynamoDBClient({ ...clientOptions, endpoint: tables.url });
  sqs = new SQSClient({ ...clientOptions, endpoint: queues.url, useQueueUrlAsEndpoint: false });
  for (const { TableName } of Object.values(definition.tables)) {
    await removeTable(dynamodb, String(TableName));
  }
});

afterAll(async () => {
  dynamodb.destroy();
  sqs.destroy();
  await Promise.all(servers.map((server) => server.close()));
});

describe('the tables of serverless.yml', () => {
  test('are made with their keys and indexes, and kept when they are there', async () => {
    await createTables(dynamodb, definition);
    const TableName = 'evergrant-local-connections';
    const item = { pk: { S: 'hurma-acme/ann' }, shard: { N: '3' }, refresh_at: { N: '17' } };
    await dynamodb.send(new PutItemCommand({ TableName, Item: item }));

    await createTables(dynamodb, definition);

    const key = { pk: item.pk };
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key: key }));
    const { Items } = await dynamodb.send(
      new QueryCommand({
        TableName,
        IndexName: 'due',
        KeyConditionExpression: '#shard = :shard and refresh_at <= :now',
        ExpressionAttributeNames: { '#shard': 'shard' },
        ExpressionAttributeValues: { ':shard': { N: '3' }, ':now': { N: '20' } },
      }),
    );
    expect(Item).toEqual(item);
    expect(Items).toEqual([item]);
    for (const name of ['tokens', 'sessions']) {
      const table = `evergrant-local-${name}`;
      const read = new GetItemCommand({ TableName: table, Key: key });
      expect((await dynamodb.send(read)).Item).toBeUndefined();
    }
  });

  test('are refused when those there have other indexes', async () => {
    await createTables(dynamodb, definition);
    const { GlobalSecondaryIndexes: _, ...changed } = definition.tables.ConnectionsTable ?? {};

    const creating = createTables(dynamodb, { tables: { ConnectionsTable: changed } });

    await expect(creating).rejects.toThrow('evergrant-local-connections');
  });
});

describe('the queues of serverless.yml', () => {
  test('are made after those for their dead letters, as SQS wants it', async () => {
    const made: unknown[] = [];
    const endpoint = servers[1]?.url ?? '';
    const listening = new SQSClient({ ...clientOptions, endpoint, useQueueUrlAsEndpoint: false });
    listening.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName === 'CreateQueueCommand') made.push(args.input);
          return next(args);
        },
      { step: 'initialize' },
    );

    await createQueues(listening, definition);
    listening.destroy();

    const names = made.map((input) => (input as { readonly QueueName: string }).QueueName);
    for (const dead of names.filter((name) => /-dead(\.fifo)?$/.test(name))) {
      const source = dead.replace('-dead', '');
      if (names.includes(source)) expect(names.indexOf(dead)).toBeLessThan(names.indexOf(source));
    }
    expect(names).toContain('evergrant-local-refresh-dead.fifo');
  });

  test('are made with their attributes, and made to follow a change of them', async () => {
    const names = await createQueues(sqs, definition);
    const { RefreshQueue = {} } = definition.queues;
    const changed = { ...RefreshQueue, VisibilityTimeout: 7 };
    const attributesOf = async (queueName: string) => {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queueName }));
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      );
      return Attributes;
    };

    const before = await attributesOf('evergrant-local-refresh.fifo');
    await createQueues(sqs, { queues: { ...definition.queues, RefreshQueue: changed } });
    const after = await attributesOf('evergrant-local-refresh.fifo');

    expect(names).toMatchObject({
      RefreshQueue: 'evergrant-local-refresh.fifo',
      RecoveryQueue: 'evergrant-local-recovery',
      RevokeQueue: 'evergrant-local-revoke',
    });
    expect(before).toMatchObject({
      FifoQueue: 'true',
      VisibilityTimeout: String(RefreshQueue.VisibilityTimeout),
      RedrivePolicy: expect.stringContaining('refresh-dead.fifo'),
    });
    expect(after?.VisibilityTimeout).toBe('7');
  });

  test('have URLs that resolve on this machine', async () => {
    await createQueues(sqs, definition);

    const { QueueUrl } = await sqs.send(
      new GetQueueUrlCommand({ QueueName: 'evergrant-local-recovery' }),
    );

    expect(QueueUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/000000000000\/evergrant-local-recovery$/);
  });

  test('feed the functions that serverless.yml says', async () => {
    const names = await createQueues(sqs, definition);

    const routes = buildRoutes(definition, names);

    expect(routes.map(({ queueName, functionName }) => [queueName, functionName])).toEqual([
      ['evergrant-local-refresh.fifo', 'evergrant-local-refresh'],
      ['evergrant-local-recovery', 'evergrant-local-recover'],
      ['evergrant-local-revoke', 'evergrant-local-revoke'],
    ]);
    expect(routes.every(({ reportsFailures }) => reportsFailures)).toBe(true);
  });
});

test('the stream of the connections goes to publish-events', () => {
  expect(buildStreamRoutes(definition)).toEqual([
    {
      tableName: 'evergrant-local-connections',
      functionName: 'evergrant-local-publish-events',
      batchSize: 100,
      reportsFailures: true,
    },
  ]);
});
