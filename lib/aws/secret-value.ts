import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type EpochSeconds, epochSeconds } from '../time.ts';
import { errorName, storeFault } from './store-fault.ts';

/** A secret's text, and the id of the version that holds it. */
export interface SecretValue {
  readonly text: string;
  readonly version: string;
  /** When that version was written, where Secrets Manager tells. */
  readonly writtenAt?: EpochSeconds;
}

/** There is no such secret, or it is marked for deletion. */
const absences: readonly string[] = ['ResourceNotFoundException', 'InvalidRequestException'];

/** Whether the SDK's error says so. */
export const isAbsent = (error: unknown): boolean => absences.includes(errorName(error));

/**
 * Reads a secret's current version.
 *
 * @returns undefined when there is none. A binary secret reads as empty text, which no reader takes.
 * @throws {Fault} `STORE_UNAVAILABLE`
 */
export async function readSecretValue(
  client: SecretsManagerClient,
  name: string,
): Promise<SecretValue | undefined> {
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: name }));
    const { SecretString: text = '', VersionId: version = '', CreatedDate: created } = answer;
    if (!created) return { text, version };
    return { text, version, writtenAt: epochSeconds(Math.floor(created.getTime() / 1000)) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw storeFault({ store: 'secrets', operation: 'GetSecretValue' }, error);
  }
}
