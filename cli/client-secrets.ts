/**
 * The registrations as secrets: `evergrant/{stage}/clients/{client}`.
 *
 * @module
 */
import {
  CreateSecretCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { readSecretValue, type SecretValue } from '../lib/aws/secret-value.ts';
import { type ClientName, isClientName } from '../lib/names.ts';
import type { Session } from './session.ts';

/** A registration, without what is in it. */
export interface ListedClient {
  readonly name: ClientName;
  /** Epoch seconds. */
  readonly changedAt: number | undefined;
}

/** The name of a client's secret. */
export function clientSecretName(stage: string, client: ClientName): string {
  return `evergrant/${stage}/clients/${client}`;
}

/** Every registration of the stage, by name. */
export async function listClients({
  aws,
  stage,
}: Pick<Session, 'aws' | 'stage'>): Promise<readonly ListedClient[]> {
  const prefix = `evergrant/${stage()}/clients/`;
  const found: ListedClient[] = [];
  let NextToken: string | undefined;
  do {
    const answer = await aws()
      .secrets()
      .send(
        new ListSecretsCommand({
          Filters: [{ Key: 'name', Values: [prefix] }],
          MaxResults: 100,
          ...(NextToken !== undefined && { NextToken }),
        }),
      );
    for (const { Name = '', LastChangedDate } of answer.SecretList ?? []) {
      // The filter matches without regard to case, and other names may begin so too.
      const name = Name.startsWith(prefix) ? Name.slice(prefix.length) : '';
      if (!isClientName(name)) continue;
      const changedAt = LastChangedDate && Math.floor(LastChangedDate.getTime() / 1000);
      found.push({ name, changedAt });
    }
    NextToken = answer.NextToken;
  } while (NextToken !== undefined);
  return found.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** A registration as it is stored; undefined when there is none. */
export function readClientSecret(
  { aws, stage }: Pick<Session, 'aws' | 'stage'>,
  client: ClientName,
): Promise<SecretValue | undefined> {
  return readSecretValue(aws().secrets(), clientSecretName(stage(), client));
}

/**
 * Stores a registration.
 *
 * @param options.isNew - whether there is none yet.
 * @param options.kmsKey - for a new one: the key that encrypts it; undefined: AWS's own.
 */
export async function writeClientSecret(
  { aws, stage }: Pick<Session, 'aws' | 'stage'>,
  client: ClientName,
  {
    text,
    isNew,
    kmsKey,
  }: { readonly text: string; readonly isNew: boolean; readonly kmsKey?: string | undefined },
): Promise<void> {
  const name = clientSecretName(stage(), client);
  const value = { SecretString: text };
  await (isNew
    ? aws()
        .secrets()
        .send(
          new CreateSecretCommand({
            Name: name,
            ...value,
            ...(kmsKey !== undefined && { KmsKeyId: kmsKey }),
          }),
        )
    : aws()
        .secrets()
        .send(new PutSecretValueCommand({ SecretId: name, ...value })));
}
