import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunningServer } from '../../local/http-server.ts';
import { startSecretsManager } from '../../local/secrets-manager.ts';
import { seedSecrets } from '../../local/seed-secrets.ts';

let server: RunningServer;
let client: SecretsManagerClient;

beforeEach(async () => {
  server = await startSecretsManager({ port: 0 });
  client = new SecretsManagerClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});

afterEach(async () => {
  client.destroy();
  await server.close();
});

const seed = (clientId: string) =>
  seedSecrets(client, {
    stage: 'local',
    registrations: { 'hurma-acme': { provider: 'hurma', client_id: clientId } },
  });
const read = async (name: string): Promise<Record<string, string>> => {
  const { SecretString = '{}' } = await client.send(
    new GetSecretValueCommand({ SecretId: `evergrant/local/${name}` }),
  );
  return JSON.parse(SecretString);
};

test.each(['access-token', 'renewal'])('the key ring %s is made once', async (ring) => {
  await seed('one');
  const made = await read(`keys/${ring}`);
  await seed('one');

  expect(made).toEqual({ current: 'k1', k1: expect.stringMatching(/^[\w-]{64}$/) });
  expect(await read(`keys/${ring}`)).toEqual(made);
});

test('the two key rings are not the same', async () => {
  await seed('one');

  expect(await read('keys/access-token')).not.toEqual(await read('keys/renewal'));
});

test('a registration that nobody has changed follows the demonstration, each time', async () => {
  await seed('one');
  await seed('two');
  await seed('three');

  expect(await read('clients/hurma-acme')).toEqual({ provider: 'hurma', client_id: 'three' });
});

test('a registration that somebody has changed is left alone', async () => {
  await seed('one');
  const own = '{"provider":"hurma","client_id":"my own"}';
  const put = { SecretId: 'evergrant/local/clients/hurma-acme', SecretString: own };
  await client.send(new PutSecretValueCommand(put));

  await seed('two');

  expect(await read('clients/hurma-acme')).toMatchObject({ client_id: 'my own' });
});
