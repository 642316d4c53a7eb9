import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
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
import { startSecretsManager } from '../../local/secrets-manager.ts';
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
let queueServer: FauxqsServer;
let sqs: SQSClient;
let stages = 0;

beforeAll(async () => {
  dynalite = await startDynalite();
  secretsServer = await startSecretsManager({ port: 0 });
  secrets = new SecretsManagerClient({ endpoint: secretsServer.url, ...localCredentials });
  queueServer = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const endpoint = `http://127.0.0.1:${queueServer.port}`;
  sqs = new SQSClient({ endpoint, ...localCredentials, useQueueUrlAsEndpoint: false });
});
afterAll(async () => {
  for (const client of [secrets, sqs]) client.destroy();
  await Promise.all([dynalite.close(), secretsServer.close(), queueServer.stop()]);
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
  const name = (queue: string) => `evergrant-${stage}-${queue}`;
  for (const queue of ['recovery', 'recovery-dead', 'revoke', 'revoke-dead']) {
    queueServer.createQueue(name(queue));
  }
  const url = (queue: string) => `http://127.0.0.1:${queueServer.port}/000000000000/${name(queue)}`;
  return {
    count: sqsSealedMessages({ client: sqs, stage }),
    send: async (queue) => {
      await sqs.send(new SendMessageCommand({ QueueUrl: url(queue), MessageBody: '{}' }));
    },
    take: async (queue) => {
      await sqs.send(new ReceiveMessageCommand({ QueueUrl: url(queue) }));
    },
  };
});
