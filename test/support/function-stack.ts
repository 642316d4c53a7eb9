import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import type { ConnectionKey } from '../../lib/names.ts';
import { systemClock } from '../../lib/time.ts';
import { startDynamoDb } from '../../local/dynamodb-server.ts';
import { createDueMaker } from '../../local/playground/make-due.ts';
import { startQueues } from '../../local/queue-server.ts';
import { startSecretsManager } from '../../local/secrets-manager.ts';
import { keyCharacters } from './key-rings.ts';
import { aContext } from './lambda-context.ts';
import { localCredentials } from './local-credentials.ts';
import { startScriptedProvider } from './scripted-provider.ts';
import { startScriptedService } from './scripted-service.ts';
import { connectionsTable, plainTable } from './tables.ts';

const stage = 'local';
const tables = {
  connections: `evergrant-${stage}-connections`,
  tokens: `evergrant-${stage}-tokens`,
  sessions: `evergrant-${stage}-sessions`,
};
const queues = {
  refresh: `evergrant-${stage}-refresh.fifo`,
  recovery: `evergrant-${stage}-recovery`,
  revoke: `evergrant-${stage}-revoke`,
} as const;

/** A message as it lies in a queue. */
export interface QueuedMessage {
  readonly body: string;
  readonly groupId: string | undefined;
}

type Handler = (event: never, context: Context) => unknown;

/**
 * Everything that the functions need, on free ports, and a provider that a test scripts.
 *
 * It sets the environment of this process: a test file starts one, and loads its functions after
 * that.
 */
export async function startFunctionStack() {
  const dynamodb = await startDynamoDb({ port: 0 });
  const secrets = await startSecretsManager({ port: 0 });
  const sqs = await startQueues({ port: 0 });
  const provider = await startScriptedProvider();
  let refresh: Handler | undefined;
  const lambda = await startScriptedService(async ({ body }) => ({
    body: await refresh?.(JSON.parse(body) as never, aContext()),
  }));
  const clients = {
    dynamodb: new DynamoDBClient({ endpoint: dynamodb.url, ...localCredentials }),
    secrets: new SecretsManagerClient({ endpoint: secrets.url, ...localCredentials }),
    sqs: new SQSClient({ endpoint: sqs.url, useQueueUrlAsEndpoint: false, ...localCredentials }),
  };
  await createResources(clients);
  setEnvironment({
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_ENDPOINT_URL_SQS: sqs.url,
    AWS_ENDPOINT_URL_LAMBDA: lambda.url,
    REFRESH_QUEUE_URL: `${sqs.url}/000000000000/${queues.refresh}`,
    RECOVERY_QUEUE_URL: `${sqs.url}/000000000000/${queues.recovery}`,
    REVOKE_QUEUE_URL: `${sqs.url}/000000000000/${queues.revoke}`,
  });
  const dueMaker = createDueMaker(
    { stage, region: 'us-east-1', dynamodb: dynamodb.url } as never,
    systemClock,
  );
  const servers = { dynamodb, secrets, sqs, lambda, provider };
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
    receive: (queue: keyof typeof queues) =>
      receive(clients.sqs, `${sqs.url}/000000000000/${queues[queue]}`),
    rows: async (table: keyof typeof tables) => {
      const { Items = [] } = await clients.dynamodb.send(
        new ScanCommand({ TableName: tables[table], ConsistentRead: true }),
      );
      return Items;
    },
    close: async () => {
      dueMaker.close();
      for (const client of Object.values(clients)) client.destroy();
      await Promise.all(Object.values(servers).map((server) => server.close()));
    },
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

interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly secrets: SecretsManagerClient;
  readonly sqs: SQSClient;
}

async function createResources({ dynamodb, secrets, sqs }: Clients): Promise<void> {
  for (const table of [
    connectionsTable(tables.connections),
    plainTable(tables.tokens),
    plainTable(tables.sessions),
  ]) {
    await dynamodb.send(new CreateTableCommand(table));
  }
  for (const QueueName of Object.values(queues)) {
    const Attributes = QueueName.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
    await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  }
  for (const ring of ['access-token', 'renewal'] as const) {
    await putSecret(secrets, `keys/${ring}`, { current: 'k1', k1: keyCharacters(ring, 'k1') });
  }
}

async function putSecret(client: SecretsManagerClient, name: string, value: unknown) {
  const id = `evergrant/${stage}/${name}`;
  const SecretString = typeof value === 'string' ? value : JSON.stringify(value);
  try {
    await client.send(new CreateSecretCommand({ Name: id, SecretString }));
  } catch (error) {
    if (!(error instanceof ResourceExistsException)) throw error;
    await client.send(new PutSecretValueCommand({ SecretId: id, SecretString }));
  }
}

/** All messages of a queue that are visible, in order; they are gone afterwards. */
async function receive(sqs: SQSClient, QueueUrl: string): Promise<readonly QueuedMessage[]> {
  const received: QueuedMessage[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['MessageGroupId'],
      }),
    );
    if (Messages.length === 0) return received;
    for (const { Body, Attributes, ReceiptHandle } of Messages) {
      received.push({ body: Body ?? '', groupId: Attributes?.MessageGroupId });
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

function setEnvironment(addresses: Readonly<Record<string, string>>): void {
  Object.assign(process.env, {
    ...addresses,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    STAGE: stage,
    CONNECTIONS_TABLE: tables.connections,
    TOKENS_TABLE: tables.tokens,
    SESSIONS_TABLE: tables.sessions,
    PUBLIC_BASE_URL: 'http://127.0.0.1:3000',
    REFRESH_FUNCTION: `evergrant-${stage}-refresh`,
    VEND_ALLOW: '*/*',
    DUE_SHARDS: '8',
    LANES_PER_CLIENT: '4',
    PROVIDER_TIMEOUT_SECONDS: '2',
    STORE_WRITE_SECONDS: '5',
    LEASE_SECONDS: '30',
    POWERTOOLS_SERVICE_NAME: 'evergrant',
    POWERTOOLS_METRICS_NAMESPACE: 'Evergrant',
    POWERTOOLS_LOG_LEVEL: 'INFO',
  });
}
