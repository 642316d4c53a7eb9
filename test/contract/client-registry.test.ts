import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretsClientRegistry } from '../../lib/aws/secrets-client-registry.ts';
import { secretsKeyRings } from '../../lib/aws/secrets-key-rings.ts';
import { Secret } from '../../lib/secret.ts';
import type { RunningServer } from '../../local/http-server.ts';
import { aClient } from '../support/clients.ts';
import { aKey } from '../support/connections.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { memoryClientRegistry } from '../support/memory-client-registry.ts';
import { movingClock } from '../support/moving-clock.ts';
import { startSecretsService } from '../support/services.ts';
import { clientRegistryContract } from './client-registry.ts';

const { client: acme } = aKey();
let server: RunningServer;
let secrets: SecretsManagerClient;
let stages = 0;

beforeAll(async () => {
  server = await startSecretsService();
  secrets = new SecretsManagerClient({ endpoint: server.url, ...localCredentials });
});
afterAll(async () => {
  secrets.destroy();
  await server.close();
});

async function putSecret(name: string, text: string): Promise<void> {
  try {
    await secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString: text }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    await secrets.send(new CreateSecretCommand({ Name: name, SecretString: text }));
  }
}

function aRegistration(clientId: string): string {
  return JSON.stringify({
    provider: 'oauth2',
    client_id: clientId,
    client_secret: `secret-of-${clientId}`,
    provider_overrides: {
      authorize: { url: 'https://as.example.com/authorize' },
      token: { url: 'https://as.example.com/token' },
    },
  });
}

/** A registry of a stage of its own, and a count of what it asked of Secrets Manager. */
function emptyStage() {
  stages += 1;
  const stage = `test-${stages}`;
  const clock = movingClock();
  const name = `evergrant/${stage}/clients/acme`;
  return {
    stage,
    clock,
    registry: secretsClientRegistry({ client: secrets, stage, clock }),
    register: (clientId: string) => putSecret(name, aRegistration(clientId)),
    registerText: (text: string) => putSecret(name, text),
    unregister: async () => {
      await secrets.send(new DeleteSecretCommand({ SecretId: name }));
    },
  };
}

clientRegistryContract('in memory', async () => {
  const registry = memoryClientRegistry();
  return {
    registry,
    register: async (clientId) =>
      registry.put(
        aClient({
          clientId,
          secrets: [new Secret('client_secret', `secret-of-${clientId}`)],
          version: `version-of-${clientId}`,
        }),
      ),
    unregister: async () => registry.remove(acme),
  };
});
clientRegistryContract('in Secrets Manager', async () => emptyStage());

describe('secretsClientRegistry', () => {
  it('remembers a registration for five minutes', async () => {
    const { registry, register, clock } = emptyStage();
    await register('id-1');
    await registry.read(acme);
    await register('id-2');

    await clock.advance(299_000);
    expect((await registry.read(acme)).clientId).toBe('id-1');
    await clock.advance(1000);
    expect((await registry.read(acme)).clientId).toBe('id-2');
  });

  it('names what is wrong with a registration, and repeats no value of it', async () => {
    const { registry, registerText } = emptyStage();
    await registerText('{ "provider": "oauth2", "client_secret": "CANARY-7" }');

    const failure = registry.read(acme);

    await expect(failure).rejects.toMatchObject({ code: 'REGISTRATION_INVALID' });
    await expect(failure).rejects.toMatchObject({
      context: { problems: expect.arrayContaining([expect.stringContaining('client_id')]) },
    });
    expect(JSON.stringify(await failure.catch((fault) => fault))).not.toContain('CANARY');
  });
});

describe('secretsKeyRings', () => {
  const ringText = (current: string) =>
    JSON.stringify({ current, k1: '1'.repeat(64), k2: '2'.repeat(64) });

  it('reads the two rings of its stage, each from its own secret', async () => {
    const { stage, clock } = emptyStage();
    await putSecret(`evergrant/${stage}/keys/access-token`, ringText('k1'));
    await putSecret(`evergrant/${stage}/keys/renewal`, ringText('k2'));
    const readRing = secretsKeyRings({ client: secrets, stage, clock });

    expect((await readRing('access-token')).currentKeyId).toBe('k1');
    expect((await readRing('renewal')).currentKeyId).toBe('k2');
  });

  it('remembers a ring for five minutes, unless asked afresh', async () => {
    const { stage, clock } = emptyStage();
    await putSecret(`evergrant/${stage}/keys/renewal`, ringText('k1'));
    const readRing = secretsKeyRings({ client: secrets, stage, clock });
    await readRing('renewal');
    await putSecret(`evergrant/${stage}/keys/renewal`, ringText('k2'));

    expect((await readRing('renewal')).currentKeyId).toBe('k1');
    expect((await readRing('renewal', { fresh: true })).currentKeyId).toBe('k2');
    expect((await readRing('renewal')).currentKeyId).toBe('k2');
  });

  it('tells when the version was written that it read', async () => {
    const { stage, clock } = emptyStage();
    const before = Math.floor(Date.now() / 1000);
    await putSecret(`evergrant/${stage}/keys/renewal`, ringText('k1'));
    const readRing = secretsKeyRings({ client: secrets, stage, clock });

    const { writtenAt } = await readRing('renewal');

    expect(writtenAt).toBeGreaterThanOrEqual(before);
    expect(writtenAt).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
  });

  it('fails, naming the ring, when there is no such secret: no default exists', async () => {
    const { stage, clock } = emptyStage();
    const readRing = secretsKeyRings({ client: secrets, stage, clock });

    await expect(readRing('renewal')).rejects.toMatchObject({
      code: 'KEY_RING_INVALID',
      context: { purpose: 'renewal', problems: ['there is no such secret'] },
    });
  });
});
