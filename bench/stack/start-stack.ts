import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { awsEnvironment } from '../../local/aws-environment.ts';
import { createQueues } from '../../local/queues.ts';
import { seedSecrets } from '../../local/seed-secrets.ts';
import { createTables } from '../../local/tables.ts';
import { type Child, startChild } from './child.ts';
import { askJson } from './json-call.ts';
import { type LambdaEndpoint, startLambdaEndpoint } from './lambda-endpoint.ts';
import { type ProviderControl, providerControl } from './provider-control.ts';
import { listResources, queuesPlaceholder, type Service } from './service.ts';

/** What every experiment starts from. */
export interface Build {
  readonly service: Service;
  /** Each bundle's file by the function's key. */
  readonly bundles: ReadonlyMap<string, string>;
  /** Where processes keep compiled code for others; undefined: each compiles for itself, as on Lambda. */
  readonly compileCache?: string;
  /** A folder for the workers' output; undefined: it is thrown away. */
  readonly logFolder?: string;
}

/** Stores, provider and Lambda endpoint of one experiment, each in a process of its own. */
export interface Stack {
  readonly provider: ProviderControl;
  readonly lambda: LambdaEndpoint;
  readonly dynamodb: DynamoDBClient;
  /** Another address of the store, with a clock of its own. */
  readonly openStore: () => Promise<Store>;
  readonly queuesUrl: string;
  /** What a built function would have as its environment. */
  readonly environment: (worker: WorkerSettings) => Readonly<Record<string, string>>;
  /** Starts processes that run one built function. */
  readonly start: (options: WorkerOptions) => Promise<readonly Child[]>;
  readonly close: () => Promise<void>;
}

/** An address of the store. */
export interface Store {
  readonly url: string;
}

export interface WorkerSettings {
  /** The function's key in `serverless.yml`. */
  readonly key: string;
  /** Settings that differ from the deployed ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where DynamoDB is reached instead. */
  readonly storeUrl?: string;
}

export interface WorkerOptions extends WorkerSettings {
  readonly count: number;
  /** Joins the pool of this name at the Lambda endpoint. */
  readonly pool?: string;
}

export interface StackOptions {
  /** Names of the clients that are registered with the provider. */
  readonly clients: readonly string[];
  /** How long the recovery queue holds a message back, where that is not what is deployed. */
  readonly recoveryDelaySeconds?: number;
  /** Where the store keeps its items; undefined: in memory. */
  readonly storeFolder?: string;
}

const awsClient = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

export async function startStack(build: Build, options: StackOptions): Promise<Stack> {
  const children: Child[] = [];
  const begin = async (module: string, ...args: readonly string[]) => {
    const child = await startChild({
      ...{ module, args },
      environment: basic(build),
      ...logFile(build, module),
    });
    children.push(child);
    return child.url;
  };
  const { storeFolder } = options;
  const [storeUrl, queuesUrl, secretsUrl, providerUrl] = await Promise.all([
    storeFolder === undefined ? begin('store.ts') : begin('store.ts', storeFolder),
    begin('queues.ts'),
    begin('secrets.ts'),
    begin('provider.ts'),
  ]);
  const provider = providerControl(providerUrl);
  const lambda = await startLambdaEndpoint();
  const dynamodb = new DynamoDBClient({ ...awsClient, endpoint: storeUrl });
  await fill({ dynamodb, queuesUrl, secretsUrl, provider, ...build }, options);

  const urls = { store: storeUrl, queues: queuesUrl, secrets: secretsUrl, lambda: lambda.url };
  return {
    ...{ provider, lambda, dynamodb, queuesUrl },
    environment: (worker) => buildEnvironment(build, worker, urls),
    openStore: () => askJson<Store>(`${storeUrl}/address`),
    start: async (worker) => {
      const started = await Promise.all(
        Array.from({ length: worker.count }, () => startWorker(build, worker, urls)),
      );
      children.push(...started);
      for (const { url } of started) if (worker.pool) lambda.add(worker.pool, url);
      return started;
    },
    close: async () => {
      dynamodb.destroy();
      await Promise.all(children.map(({ kill }) => kill()));
      await lambda.close();
    },
  };
}

/** Tables, queues, key rings and registrations. */
async function fill(
  parts: {
    readonly dynamodb: DynamoDBClient;
    readonly queuesUrl: string;
    readonly secretsUrl: string;
    readonly provider: ProviderControl;
    readonly service: Service;
  },
  { clients, recoveryDelaySeconds }: StackOptions,
): Promise<void> {
  const { dynamodb, queuesUrl, secretsUrl, provider, service } = parts;
  const sqs = new SQSClient({ ...awsClient, endpoint: queuesUrl, useQueueUrlAsEndpoint: false });
  const secrets = new SecretsManagerClient({ ...awsClient, endpoint: secretsUrl });
  const declared = listResources(service, 'AWS::SQS::Queue');
  const { RecoveryQueue } = declared;
  const queues = {
    ...declared,
    ...(recoveryDelaySeconds !== undefined && {
      RecoveryQueue: { ...RecoveryQueue, DelaySeconds: recoveryDelaySeconds },
    }),
  };
  const registrations = clients.map((client) => [client, buildRegistration(client, provider)]);
  await createTables(dynamodb, { tables: listResources(service, 'AWS::DynamoDB::Table') });
  await createQueues(sqs, { queues });
  await seedSecrets(secrets, {
    stage: 'local',
    registrations: Object.fromEntries(registrations),
  });
  sqs.destroy();
  secrets.destroy();
}

/** A client that any OAuth 2.0 provider could have. */
function buildRegistration(client: string, provider: ProviderControl): object {
  return {
    ...{ provider: 'oauth2', client_id: client, client_secret: 'the secret of a measurement' },
    return_urls: ['https://app.example/connected'],
    provider_overrides: {
      authorize: { url: provider.authorizationEndpoint(client) },
      token: { url: provider.tokenEndpoint(client) },
      revoke: { url: provider.revocationEndpoint(client) },
      rotation: 'strict',
      // Losses that are made on purpose are no mistake of the registration.
      refused_grants_brake: 100_000,
    },
  };
}

interface Urls {
  readonly store: string;
  readonly queues: string;
  readonly secrets: string;
  readonly lambda: string;
}

function startWorker(build: Build, { pool, ...worker }: WorkerOptions, urls: Urls): Promise<Child> {
  const { key, settings = {} } = worker;
  const { functions, provider } = build.service;
  const bundle = build.bundles.get(key);
  const definition = functions[key];
  if (bundle === undefined || !definition) throw new Error(`there is no function ${key}`);
  const { REFRESH_TIMEOUT_SECONDS: timeout = definition.timeout ?? provider.timeout } = settings;
  return startChild({
    module: 'worker.ts',
    args: [bundle, pool ?? definition.name, `${timeout}`],
    environment: buildEnvironment(build, worker, urls),
    ...logFile(build, key),
  });
}

function buildEnvironment(
  build: Build,
  { key, settings = {}, storeUrl }: WorkerSettings,
  urls: Urls,
): Readonly<Record<string, string>> {
  const { functions, provider } = build.service;
  const definition = functions[key];
  if (!definition) throw new Error(`there is no function ${key}`);
  const deployed = { ...provider.environment, ...definition.environment };
  const addressed = Object.entries(deployed).map(([name, value]) => [
    name,
    value.replace(queuesPlaceholder, urls.queues),
  ]);
  return {
    ...basic(build),
    ...Object.fromEntries(addressed),
    POWERTOOLS_LOG_LEVEL: 'WARN',
    ...awsEnvironment({
      dynamodb: storeUrl ?? urls.store,
      secretsManager: urls.secrets,
      sqs: urls.queues,
      lambda: urls.lambda,
      // No function that publishes is started: nothing is to listen there.
      eventBridge: 'http://127.0.0.1:9',
    }),
    ...settings,
  };
}

function basic({ compileCache }: Build): Readonly<Record<string, string>> {
  const { PATH = '' } = process.env;
  return { PATH, ...(compileCache !== undefined && { NODE_COMPILE_CACHE: compileCache }) };
}

function logFile({ logFolder }: Build, name: string): { readonly logFile?: string } {
  if (logFolder === undefined) return {};
  mkdirSync(logFolder, { recursive: true });
  return { logFile: join(logFolder, `${name}.log`) };
}
