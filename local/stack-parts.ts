/**
 * The parts of the local stack, each started and filled.
 *
 * @module
 */
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { startChangeFeed } from './change-feed.ts';
import { startDynamoDb } from './dynamodb-server.ts';
import { startEventBus } from './event-bus.ts';
import { localUrl, type Ports } from './ports.ts';
import type { QueueRoute } from './queue-poller.ts';
import { startQueues } from './queue-server.ts';
import { createQueues } from './queues.ts';
import { startSecretsManager } from './secrets-manager.ts';
import { seedSecrets } from './seed-secrets.ts';
import { readTextProperty, type ServiceDefinition } from './service-definition.ts';
import { demoRegistrations, startSimulators } from './simulators/start.ts';
import type { StreamPoller, StreamRoute } from './stream-poller.ts';
import { createTables } from './tables.ts';

/** Where everything is reached: the content of `local.json`. */
export interface StackUrls {
  readonly stage: string;
  readonly region: string;
  readonly api: string;
  readonly lambda: string;
  readonly dynamodb: string;
  readonly secrets_manager: string;
  readonly sqs: string;
  readonly event_bridge: string;
  readonly playground: string;
  readonly providers: ProviderUrls;
}

export interface ProviderUrls {
  readonly hurma: string;
  readonly hurdlr: string;
  readonly humanity: string;
  readonly hypersku: string;
}

/** Something that runs. */
export interface Part {
  readonly close: () => Promise<void>;
}

/** Notes that `part` has to be closed with the stack, and returns it. */
export type Keep = <Kept extends Part>(part: Kept) => Kept;

export interface Site {
  readonly ports: Ports;
  /** Folder in which state outlives a restart. */
  readonly stateDir: string;
  readonly definition: ServiceDefinition;
}

export const stage = 'local';
export const region = 'us-east-1';

const clientOptions = {
  region,
  credentials: { accessKeyId: stage, secretAccessKey: stage },
};

/**
 * Starts DynamoDB, Secrets Manager, SQS and EventBridge with the tables and queues of the definition.
 *
 * @param streams - hears of each change in a table that has a stream.
 * @returns each queue's name by its logical id.
 */
export async function startStores(
  { ports, stateDir, definition }: Site,
  keep: Keep,
  streams: Pick<StreamPoller, 'push'>,
): Promise<Readonly<Record<string, string>>> {
  const tables = keep(await startDynamoDb({ port: 0, dataDir: join(stateDir, 'dynamodb') }));
  keep(
    await startChangeFeed({
      port: ports.dynamodb,
      target: tables.url,
      tables: buildStreamRoutes(definition).map(({ tableName }) => tableName),
      onChange: streams.push,
    }),
  );
  keep(await startEventBus({ port: ports.eventBridge, stateFile: join(stateDir, 'events.json') }));
  keep(await startQueues({ port: ports.sqs, dataDir: join(stateDir, 'sqs') }));
  keep(
    await startSecretsManager({
      port: ports.secretsManager,
      stateFile: join(stateDir, 'secrets-manager.json'),
    }),
  );

  const dynamodb = new DynamoDBClient({ ...clientOptions, endpoint: localUrl(ports.dynamodb) });
  const sqs = new SQSClient({
    ...clientOptions,
    endpoint: localUrl(ports.sqs),
    useQueueUrlAsEndpoint: false,
  });
  try {
    await createTables(dynamodb, definition);
    return await createQueues(sqs, definition);
  } finally {
    dynamodb.destroy();
    sqs.destroy();
  }
}

/** Starts the simulated providers, and registers us with them where that is not done. */
export async function startProviders(
  { ports, stateDir }: Pick<Site, 'ports' | 'stateDir'>,
  keep: Keep,
): Promise<ProviderUrls> {
  const publicBaseUrl = localUrl(ports.api);
  const { urls } = keep(
    await startSimulators({ ports, publicBaseUrl, stateDir: join(stateDir, 'providers') }),
  );
  const secrets = new SecretsManagerClient({
    ...clientOptions,
    endpoint: localUrl(ports.secretsManager),
  });
  try {
    const registrations = demoRegistrations({
      urls,
      publicBaseUrl,
      playgroundUrl: localUrl(ports.playground),
    });
    await seedSecrets(secrets, { stage, registrations });
  } finally {
    secrets.destroy();
  }
  return urls;
}

/** Which function follows the stream of each table, as the definition has it. */
export function buildStreamRoutes({
  functions,
  tables,
}: ServiceDefinition): readonly StreamRoute[] {
  return functions.flatMap(({ name, streams }) =>
    streams.map(({ table, ...stream }) => {
      const properties = tables[table];
      if (properties === undefined) throw new Error(`serverless.yml: there is no table ${table}`);
      const tableName = readTextProperty(properties, 'TableName');
      return { ...stream, functionName: name, tableName };
    }),
  );
}

/** Which function each queue feeds, as the definition has it. */
export function buildRoutes(
  { functions }: ServiceDefinition,
  queueNames: Readonly<Record<string, string>>,
): readonly QueueRoute[] {
  return functions.flatMap(({ name, sources }) =>
    sources.map(({ queue, ...source }) => {
      const queueName = queueNames[queue];
      if (queueName === undefined) throw new Error(`serverless.yml: there is no queue ${queue}`);
      return { ...source, functionName: name, queueName };
    }),
  );
}

export function buildUrls(ports: Ports, providers: ProviderUrls): StackUrls {
  return {
    stage,
    region,
    api: localUrl(ports.api),
    lambda: localUrl(ports.lambda),
    dynamodb: localUrl(ports.dynamodb),
    secrets_manager: localUrl(ports.secretsManager),
    sqs: localUrl(ports.sqs),
    event_bridge: localUrl(ports.eventBridge),
    playground: localUrl(ports.playground),
    providers: {
      hurma: providers.hurma,
      hurdlr: providers.hurdlr,
      humanity: providers.humanity,
      hypersku: providers.hypersku,
    },
  };
}
