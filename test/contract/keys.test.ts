import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectionDirectory } from '../../lib/aws/connection-directory.ts';
import { dynamodbConnectionStore } from '../../lib/aws/dynamodb-connection-store.ts';
import { dynamodbKeyRecords } from '../../lib/aws/dynamodb-key-records.ts';
import { dynamodbResealProgress } from '../../lib/aws/dynamodb-reseal-progress.ts';
import { dynamodbSealedValues } from '../../lib/aws/dynamodb-sealed-values.ts';
import { dynamodbTokenStore } from '../../lib/aws/dynamodb-token-store.ts';
import { secretsKeyRingStore } from '../../lib/aws/secrets-key-ring-store.ts';
import { sqsSealedMessages } from '../../lib/aws/sqs-sealed-messages.ts';
import { randomToken } from '../../lib/broker/one-time-token.ts';
import type { ClientName } from '../../lib/names.ts';
import { Secret } from '../../lib/secret.ts';
import type { RunningServer } from '../../local/http-server.ts';
import { type Dynalite, startDynalite } from '../support/dynalite.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { memoryConnectionStore } from '../support/memory-connection-store.ts';
import {
  memoryDirectory,
  memoryKeyRecords,
  memoryKeyRings,
  memoryResealProgress,
  memorySealedValues,
} from '../support/memory-keys.ts';
import { memoryTokenStore } from '../support/memory-token-store.ts';
import { movingClock } from '../support/moving-clock.ts';
import { type Sqs, startSqs } from '../support/queue-service.ts';
import { startSecretsService } from '../support/services.ts';
import { connectionsTable, plainTable } from '../support/tables.ts';
import {
  connectionDirectoryContract,
  keyRecordStoreContract,
  keyRingStoreContract,
  resealProgressContract,
  sealedMessagesContract,
  sealedValueStoreContract,
} from './keys.ts';

let dynalite: Dynalite;
let secretsServer: RunningServer;
let secrets: SecretsManagerClient;
let sqs: Sqs;
let stages = 0;

beforeAll(async () => {
  dynalite = await startDynalite();
  secretsServer = await startSecretsService();
  secrets = new SecretsManagerClient({ endpoint: secretsServer.url, ...localCredentials });
  sqs = await startSqs();
});
afterAll(async () => {
  secrets.destroy();
  await Promise.all([dynalite.close(), secretsServer.close(), sqs.close()]);
});

const newStage = () => {
  stages += 1;
  return `test-${stages}`;
};

async function createRings(stage: string): Promise<void> {
  for (const ring of ['access-token', 'renewal']) {
    const SecretString = JSON.stringify({ current: 'k1', k1: `${ring}.`.padEnd(64, '1') });
    await secrets.send(
      new CreateSecretCommand({ Name: `evergrant/${stage}/keys/${ring}`, SecretString }),
    );
  }
}

const connectionRows = async () => ({
  client: dynalite.client,
  name: await dynalite.createTable(connectionsTable),
});

keyRingStoreContract('in memory', async () => {
  const store = memoryKeyRings(movingClock());
  return { store, currentText: async () => store.textOf('renewal') };
});
keyRingStoreContract('in Secrets Manager', async () => {
  const stage = newStage();
  await createRings(stage);
  const SecretId = `evergrant/${stage}/keys/renewal`;
  return {
    store: secretsKeyRingStore({ client: secrets, stage, randomToken }),
    currentText: async () => {
      const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
      return SecretString;
    },
  };
});

it('leaves no label on a version of a ring but those of Secrets Manager itself', async () => {
  const stage = newStage();
  await createRings(stage);
  const store = secretsKeyRingStore({ client: secrets, stage, randomToken });
  const seen = await store.read('renewal');
  const keys = ['k2', 'k3'].map((keyId) => ({
    keyId,
    characters: new Secret('key', keyId.padEnd(64, 'x')),
  }));

  await Promise.all(keys.map((key) => store.addKey(seen, key)));

  const SecretId = `evergrant/${stage}/keys/renewal`;
  const { Versions = [] } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId }));
  const labels = Versions.flatMap(({ VersionStages = [] }) => VersionStages);
  expect(labels.toSorted()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
});

it('fails, naming the ring, when there is none: no default exists', async () => {
  const store = secretsKeyRingStore({ client: secrets, stage: newStage(), randomToken });

  await expect(store.read('renewal')).rejects.toMatchObject({
    code: 'KEY_RING_INVALID',
    context: { purpose: 'renewal', problems: ['there is no such secret'] },
  });
});

keyRecordStoreContract('in memory', async () => memoryKeyRecords());
keyRecordStoreContract('on DynamoDB', async () => dynamodbKeyRecords(await connectionRows()));

resealProgressContract('in memory', async () => memoryResealProgress());
resealProgressContract('on DynamoDB', async () => dynamodbResealProgress(await connectionRows()));

sealedValueStoreContract('in memory', async () => {
  const connections = memoryConnectionStore();
  const tokens = memoryTokenStore();
  return { connections, tokens, values: memorySealedValues(connections, tokens) };
});
sealedValueStoreContract('on DynamoDB', async () => {
  const connections = await connectionRows();
  const tokens = { client: dynalite.client, name: await dynalite.createTable(plainTable) };
  return {
    connections: dynamodbConnectionStore({ ...connections, dueShards: 8 }),
    tokens: dynamodbTokenStore(tokens),
    values: dynamodbSealedValues({ connections, tokens }),
  };
});

connectionDirectoryContract('in memory', async (registered) => {
  const connections = memoryConnectionStore();
  return { connections, directory: memoryDirectory(connections, registered) };
});
connectionDirectoryContract('on DynamoDB and Secrets Manager', async (registered) => {
  const stage = newStage();
  await Promise.all(registered.map((client) => register(stage, client)));
  await createRings(stage);
  const connections = await connectionRows();
  return {
    connections: dynamodbConnectionStore({ ...connections, dueShards: 40 }),
    directory: connectionDirectory({ secrets, stage, connections, dueShards: 40 }),
  };
});

async function register(stage: string, client: ClientName): Promise<void> {
  const Name = `evergrant/${stage}/clients/${client}`;
  await secrets.send(new CreateSecretCommand({ Name, SecretString: '{}' }));
}

sealedMessagesContract('on SQS', async () => {
  const stage = newStage();
  const urls = new Map<string, string>();
  for (const queue of ['recovery', 'recovery-dead', 'revoke', 'revoke-dead']) {
    urls.set(queue, await sqs.createQueue(`evergrant-${stage}-${queue}`));
  }
  return {
    count: sqsSealedMessages({ client: sqs.client, stage }),
    send: async (queue) => {
      await sqs.client.send(
        new SendMessageCommand({ QueueUrl: urls.get(queue), MessageBody: '{}' }),
      );
    },
    take: async (queue) => {
      await sqs.client.send(new ReceiveMessageCommand({ QueueUrl: urls.get(queue) }));
    },
  };
});
