/**
 * The parts of the local stack, each started and filled.
 *
 * @module
 */
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { AwsEndpoints } from './aws-environment.ts';
import { type ChangeFeedOptions, startChangeFeed } from './change-feed.ts';
import { startDynamoDb } from './dynamodb-server.ts';
import { startEventBus } from './event-bus.ts';
import { localUrl, type Ports } from './ports.ts';
import type { QueueRoute } from './queue-poller.ts';
import { startQueues } from './queue-server.ts';
import { createQueues } from './queues.ts';
import { startSecretsManager } from './secrets-manager.ts';
import { seedSecrets } from './seed-secrets.ts';
import { readTextProperty, type ServiceDefinition } from './service-definition.ts';
import {
  buildDefinedRegistration,
  type DefinedProvider,
} from './simulators/defined/defined-provider.ts';
import { startDefinedSimulators } from './simulators/defined/start.ts';
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
  /** Those that are made of a definition alone, by its name. */
  readonly [name: string]: string;
}

/** Something that runs. */
export interface Part {
  readonly close: () => Promise<void>;
}

/** Notes that `part` has to be closed with the stack, and returns it. */
export type Keep = <Kept extends Part>(part: Kept) => Kept;

/** AWS services that run already, in place of the stand-ins. */
export interface RunningServices {
  readonly endpoints: Omit<AwsEndpoints, 'lambda'>;
  /** Follows the streams of these tables, which are there. */
  readonly followStreams: (
    options: Pick<ChangeFeedOptions, 'tables' | 'onChange'>,
  ) => Promise<Part>;
}

export interface Site {
  readonly ports: Ports;
  readonly endpoints: AwsEndpoints;
  /** Undefined: stand-ins are started. */
  readonly services: RunningServices | undefined;
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

/** Where the services are: on the ports of the stack, but for those that run already. */
export function buildEndpoints(ports: Ports, services: RunningServices | undefined): AwsEndpoints {
  return {
    dynamodb: localUrl(ports.dynamodb),
    secretsManager: localUrl(ports.secretsManager),
    sqs: localUrl(ports.sqs),
    lambda: localUrl(ports.lambda),
    eventBridge: localUrl(ports.eventBridge),
    ...services?.endpoints,
  };
}

/**
 * Starts DynamoDB, Secrets Manager, SQS and EventBridge with the tables and queues of the definition.
 *
 * @param streams - hears of each change in a table that has a stream.
 * @returns each queue's name by its logical id.
 */
export async function startStores(
  site: Site,
  keep: Keep,
  streams: Pick<StreamPoller, 'push'>,
): Promise<Readonly<Record<string, string>>> {
  const { definition, endpoints, services } = site;
  const changes = {
    tables: buildStreamRoutes(definition).map(({ tableName }) => tableName),
    onChange: streams.push,
  };
  if (services === undefined) await startStandIns(site, keep, changes);

  const dynamodb = new DynamoDBClient({ ...clientOptions, endpoint: endpoints.dynamodb });
  const sqs = new SQSClient({
    ...clientOptions,
    endpoint: endpoints.sqs,
    useQueueUrlAsEndpoint: false,
  });
  try {
    await createTables(dynamodb, definition);
    if (services !== undefined) keep(await services.followStreams(changes));
    return await createQueues(sqs, definition);
  } finally {
    dynamodb.destroy();
    sqs.destroy();
  }
}

async function startStandIns(
  { ports, stateDir }: Site,
  keep: Keep,
  changes: Pick<ChangeFeedOptions, 'tables' | 'onChange'>,
): Promise<void> {
  const tables = keep(await startDynamoDb({ port: 0, dataDir: join(stateDir, 'dynamodb') }));
  keep(await startChangeFeed({ port: ports.dynamodb, target: tables.url, ...changes }));
  keep(await startEventBus({ port: ports.eventBridge, stateFile: join(stateDir, 'events.json') }));
  keep(await startQueues({ port: ports.sqs, dataDir: join(stateDir, 'sqs') }));
  keep(
    await startSecretsManager({
      port: ports.secretsManager,
      stateFile: join(stateDir, 'secrets-manager.json'),
    }),
  );
}

/** Where the simulated providers stand, and those of them that are made of a definition alone. */
export type ProviderSite = Pick<Site, 'ports' | 'stateDir' | 'endpoints'> & {
  readonly defined: readonly DefinedProvider[];
};

/** Starts the simulated providers, and registers us with them where that is not done. */
export async function startProviders(
  { ports, stateDir, endpoints, defined }: ProviderSite,
  keep: Keep,
): Promise<ProviderUrls> {
  const site = { publicBaseUrl: localUrl(ports.api), stateDir: join(stateDir, 'providers') };
  const { urls } = keep(await startSimulators({ ports, ...site }));
  const further = keep(
    await startDefinedSimulators({ providers: defined, port: ports.defined, ...site }),
  );
  const secrets = new SecretsManagerClient({
    ...clientOptions,
    endpoint: endpoints.secretsManager,
  });
  try {
    const playgroundUrl = localUrl(ports.playground);
    const own = defined.map((provider) => [
      provider.client.name,
      buildDefinedRegistration(provider, further.urls[provider.name] ?? '', [`${playgroundUrl}/`]),
    ]);
    const registrations = {
      ...Object.fromEntries(own),
      ...demoRegistrations({ urls, publicBaseUrl: site.publicBaseUrl, playgroundUrl }),
    };
    await seedSecrets(secrets, { stage, registrations });
  } finally {
    secrets.destroy();
  }
  return { ...further.urls, ...urls };
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

export function buildUrls(
  { ports, endpoints }: Pick<Site, 'ports' | 'endpoints'>,
  providers: ProviderUrls,
): StackUrls {
  return {
    stage,
    region,
    api: localUrl(ports.api),
    lambda: endpoints.lambda,
    dynamodb: endpoints.dynamodb,
    secrets_manager: endpoints.secretsManager,
    sqs: endpoints.sqs,
    event_bridge: endpoints.eventBridge,
    playground: localUrl(ports.playground),
    providers,
  };
}
