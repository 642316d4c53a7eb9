import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ClientName, ClientRegistry } from '../broker/ports.ts';
import { Fault } from '../fault.ts';
import type { Client } from '../providers/client.ts';
import { resolveClient } from '../providers/resolve-client.ts';
import { type Clock, seconds } from '../time.ts';
import { rememberedReads } from './remembered-reads.ts';
import { readSecretValue } from './secret-value.ts';

/** Where the secrets of one stage are, and the clock that tells their age. */
export interface StageSecrets {
  readonly client: SecretsManagerClient;
  readonly stage: string;
  readonly clock: Clock;
}

/**
 * The registrations in Secrets Manager, under `evergrant/{stage}/clients/{client}`. Each is
 * remembered for five minutes; one that is missing or invalid is not.
 */
export function secretsClientRegistry({ client, stage, clock }: StageSecrets): ClientRegistry {
  const readRegistration = async (name: ClientName): Promise<Client> => {
    const secret = await readSecretValue(client, `evergrant/${stage}/clients/${name}`);
    if (!secret) throw new Fault('UNKNOWN_CLIENT', { client: name });
    return resolveClient(name, secret.text, secret.version);
  };
  return { read: rememberedReads(readRegistration, { clock, age: seconds(300) }) };
}
