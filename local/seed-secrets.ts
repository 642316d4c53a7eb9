import { createHash, randomBytes } from 'node:crypto';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';

export interface Seeds {
  readonly stage: string;
  /** Registrations of the demonstration by the client's name. */
  readonly registrations: Readonly<Record<string, unknown>>;
}

const keyRings = ['access-token', 'renewal'];

/**
 * Puts into Secrets Manager what a first start needs: the key rings, made once, and the
 * demonstration's registrations.
 *
 * A registration that somebody has changed is left alone; one that is as it was put here follows
 * the demonstration, whose providers' addresses depend on the ports.
 */
export async function seedSecrets(
  secrets: SecretsManagerClient,
  { stage, registrations }: Seeds,
): Promise<void> {
  for (const ring of keyRings) {
    const name = `evergrant/${stage}/keys/${ring}`;
    if ((await readSecret(secrets, name)) !== undefined) continue;
    const value = JSON.stringify({ current: 'k1', k1: randomBytes(48).toString('base64url') });
    await secrets.send(new CreateSecretCommand({ Name: name, SecretString: value }));
  }
  for (const [client, registration] of Object.entries(registrations)) {
    await seedRegistration(secrets, `evergrant/${stage}/clients/${client}`, registration);
  }
}

async function seedRegistration(
  secrets: SecretsManagerClient,
  name: string,
  registration: unknown,
): Promise<void> {
  const value = JSON.stringify(registration);
  const seeded = { SecretString: value, Description: describeSeed(value) };
  const existing = await readSecret(secrets, name);
  if (existing === undefined) {
    await secrets.send(new CreateSecretCommand({ Name: name, ...seeded }));
  } else if (existing.value !== value && existing.description === describeSeed(existing.value)) {
    await secrets.send(new UpdateSecretCommand({ SecretId: name, ...seeded }));
  }
}

/** Says of a registration what it was when it was put here, so that a later change is seen. */
function describeSeed(value: string): string {
  const digest = createHash('sha256').update(value).digest('hex');
  return `Demonstration client, follows the local stack until it is changed (${digest.slice(0, 16)})`;
}

interface ExistingSecret {
  readonly value: string;
  readonly description: string | undefined;
}

async function readSecret(
  secrets: SecretsManagerClient,
  name: string,
): Promise<ExistingSecret | undefined> {
  try {
    const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: name }));
    const { Description } = await secrets.send(new DescribeSecretCommand({ SecretId: name }));
    return { value: SecretString, description: Description };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
