import {
  DeleteTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { CreateQueueCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { createTable } from '../../local/tables.ts';
import { keyCharacters } from './key-rings.ts';
import { connectionsTable, plainTable } from './tables.ts';

export const stage = 'local';
export const tables = {
  connections: `evergrant-${stage}-connections`,
  tokens: `evergrant-${stage}-tokens`,
  sessions: `evergrant-${stage}-sessions`,
};
export const queues = {
  refresh: `evergrant-${stage}-refresh.fifo`,
  recovery: `evergrant-${stage}-recovery`,
  revoke: `evergrant-${stage}-revoke`,
  recoveryDead: `evergrant-${stage}-recovery-dead`,
  revokeDead: `evergrant-${stage}-revoke-dead`,
  eventsDead: `evergrant-${stage}-events-dead`,
} as const;

export interface ResourceClients {
  readonly dynamodb: DynamoDBClient;
  readonly secrets: SecretsManagerClient;
  readonly sqs: SQSClient;
}

/** Makes the tables, queues and key rings that the functions need. */
export async function createResources({ dynamodb, secrets, sqs }: ResourceClients): Promise<void> {
  for (const table of [
    connectionsTable(tables.connections),
    plainTable(tables.tokens),
    plainTable(tables.sessions),
  ]) {
    await removeTable(dynamodb, table.TableName);
    await createTable(dynamodb, table);
  }
  for (const QueueName of Object.values(queues)) {
    const Attributes = QueueName.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
    await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  }
  for (const ring of ['access-token', 'renewal'] as const) {
    await putSecret(secrets, `keys/${ring}`, { current: 'k1', k1: keyCharacters(ring, 'k1') });
  }
}

/** Removes a table if it is there: an engine that several test files use has what one has left. */
export async function removeTable(
  dynamodb: DynamoDBClient,
  TableName: string | undefined,
): Promise<void> {
  try {
    await dynamodb.send(new DeleteTableCommand({ TableName }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  }
}

/** Writes a secret of the stage, new or not. */
export async function putSecret(client: SecretsManagerClient, name: string, value: unknown) {
  const id = `evergrant/${stage}/${name}`;
  const SecretString = typeof value === 'string' ? value : JSON.stringify(value);
  try {
    await client.send(new CreateSecretCommand({ Name: id, SecretString }));
  } catch (error) {
    if (!(error instanceof ResourceExistsException)) throw error;
    await client.send(new PutSecretValueCommand({ SecretId: id, SecretString }));
  }
}

/** Gives this process the environment that a deployment gives its functions. */
export function setEnvironment(addresses: Readonly<Record<string, string>>): void {
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
    EVENT_BUS: 'default',
    REFRESH_FUNCTION: `evergrant-${stage}-refresh`,
    VEND_ALLOW: '*/*',
    DUE_SHARDS: '8',
    LANES_PER_CLIENT: '8',
    PROVIDER_TIMEOUT_SECONDS: '8',
    REFRESH_PROVIDER_TIMEOUT_SECONDS: '12',
    REFRESH_TIMEOUT_SECONDS: '60',
    REFRESH_VISIBILITY_SECONDS: '120',
    STORE_WRITE_SECONDS: '5',
    LEASE_SECONDS: '30',
    POWERTOOLS_SERVICE_NAME: 'evergrant',
    POWERTOOLS_METRICS_NAMESPACE: 'Evergrant',
    POWERTOOLS_LOG_LEVEL: 'INFO',
  });
}
