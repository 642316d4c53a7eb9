import {
  type AttributeValue,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import type { ConnectionKey } from '../../lib/names.ts';
import { systemClock } from '../../lib/time.ts';
import { type ChangeRecord, startChangeFeed } from '../../local/change-feed.ts';
import { type BusEvent, startEventBus } from '../../local/event-bus.ts';
import { createDueMaker } from '../../local/playground/make-due.ts';
import { ageToken } from './age-token.ts';
import {
  createResources,
  putSecret,
  queues,
  setEnvironment,
  stage,
  tables,
} from './function-resources.ts';
import { aContext } from './lambda-context.ts';
import { localCredentials } from './local-credentials.ts';
import { type QueuedMessage, takeAll } from './queue-service.ts';
import { startScriptedProvider } from './scripted-provider.ts';
import { startScriptedService } from './scripted-service.ts';
import { startDynamoDbService, startQueueService, startSecretsService } from './services.ts';

type Handler = (event: never, context: Context) => unknown;

/**
 * Everything that the functions need, on free ports, and a provider that a test scripts.
 *
 * It sets the environment of this process: a test file starts one, and loads its functions after
 * that.
 */
export async function startFunctionStack() {
  let refresh: Handler | undefined;
  const changes: ChangeRecord[] = [];
  const servers = await startServers(
    (event) => refresh?.(event as never, aContext()),
    (record) => changes.push(record),
  );
  const { dynamodb, secrets, sqs, events, provider } = servers;
  const clients = {
    dynamodb: new DynamoDBClient({ endpoint: dynamodb.url, ...localCredentials }),
    secrets: new SecretsManagerClient({ endpoint: secrets.url, ...localCredentials }),
    sqs: new SQSClient({ endpoint: sqs.url, useQueueUrlAsEndpoint: false, ...localCredentials }),
  };
  await createResources(clients);
  setEnvironment(addressesOf(servers));
  const dueMaker = createDueMaker(
    { stage, region: 'us-east-1', dynamodb: dynamodb.url } as never,
    systemClock,
  );
  return {
    provider,
    servers,
    putSecret: (name: string, value: unknown) => putSecret(clients.secrets, name, value),
    register: (client: string, registration: unknown) =>
      putSecret(clients.secrets, `clients/${client}`, registration),
    removeSecret: async (name: string) => {
      const SecretId = `evergrant/${stage}/${name}`;
      await clients.secrets.send(
        new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }),
      );
    },
    /** Lets `vend` reach this handler as the function `refresh`. */
    refreshWith: (handler: Handler) => {
      refresh = handler;
    },
    makeDue: (key: ConnectionKey) => dueMaker.makeDue(key),
    /** Moves the whole life of a connection's token back by so much. */
    age: (key: ConnectionKey, seconds: number) => ageToken(clients.dynamodb, key, seconds),
    receive: (queue: keyof typeof queues) =>
      takeAll(clients.sqs, `${sqs.url}/000000000000/${queues[queue]}`),
    rows: async (table: keyof typeof tables) => {
      const { Items = [] } = await clients.dynamodb.send(
        new ScanCommand({ TableName: tables[table], ConsistentRead: true }),
      );
      return Items;
    },
    /** What the stream of the connections' table has said since this was asked last. */
    takeChanges: (): readonly ChangeRecord[] => changes.splice(0),
    /** Everything that is on the bus, oldest first. */
    events: async (): Promise<readonly BusEvent[]> => {
      const response = await fetch(`${events.url}/events`);
      const { events: latestFirst } = (await response.json()) as { events: BusEvent[] };
      return latestFirst.toReversed();
    },
    /** Writes an item as somebody with access to the table could. */
    putRow: async (table: keyof typeof tables, Item: Record<string, AttributeValue>) => {
      await clients.dynamodb.send(new PutItemCommand({ TableName: tables[table], Item }));
    },
    close: async () => {
      dueMaker.close();
      for (const client of Object.values(clients)) client.destroy();
      // First what stands before another one.
      await servers.dynamodb.close();
      await Promise.all(Object.values(servers).map((server) => server.close()));
    },
  };
}

async function startServers(
  refresh: (event: unknown) => unknown,
  onChange: (record: ChangeRecord) => void,
) {
  const tablesBehind = await startDynamoDbService();
  return {
    tablesBehind,
    dynamodb: await startChangeFeed({
      port: 0,
      target: tablesBehind.url,
      tables: [tables.connections],
      onChange: (_table, record) => onChange(record),
    }),
    events: await startEventBus({ port: 0 }),
    secrets: await startSecretsService(),
    sqs: await startQueueService(),
    provider: await startScriptedProvider(),
    lambda: await startScriptedService(async ({ body }) => ({
      body: await refresh(JSON.parse(body)),
    })),
  };
}

function addressesOf(servers: Awaited<ReturnType<typeof startServers>>) {
  const { dynamodb, secrets, sqs, lambda, events } = servers;
  return {
    AWS_ENDPOINT_URL_EVENTBRIDGE: events.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_ENDPOINT_URL_SQS: sqs.url,
    AWS_ENDPOINT_URL_LAMBDA: lambda.url,
    REFRESH_QUEUE_URL: `${sqs.url}/000000000000/${queues.refresh}`,
    RECOVERY_QUEUE_URL: `${sqs.url}/000000000000/${queues.recovery}`,
    REVOKE_QUEUE_URL: `${sqs.url}/000000000000/${queues.revoke}`,
    EVENTS_DEAD_QUEUE_URL: `${sqs.url}/000000000000/${queues.eventsDead}`,
  };
}

export type FunctionStack = Awaited<ReturnType<typeof startFunctionStack>>;

/** The event that Lambda makes of messages. */
export function anSqsEventOf(...messages: readonly QueuedMessage[]) {
  return {
    Records: messages.map(({ body, groupId }, index) => ({
      messageId: `message-${index}`,
      body,
      attributes: { ApproximateReceiveCount: '1', ...(groupId && { MessageGroupId: groupId }) },
    })),
  };
}
