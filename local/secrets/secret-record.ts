/**
 * Secrets as values: every function here leaves what it was given alone and returns the new state.
 *
 * @module
 */
import { SecretsRefusal } from './secrets-refusal.ts';

/** What one version holds: text or bytes (base64). */
export interface SecretValue {
  readonly text?: string;
  readonly base64?: string;
}

export interface SecretVersion extends SecretValue {
  readonly id: string;
  /** Epoch seconds, with a fraction, as the protocol has it. */
  readonly createdAt: number;
  /** Staging labels. A version without any is deprecated, and still there. */
  readonly stages: readonly string[];
}

export interface SecretTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

export interface SecretRecord {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly kmsKeyId?: string;
  readonly tags: readonly SecretTag[];
  readonly createdAt: number;
  readonly changedAt: number;
  /** When deletion was asked for; absent on a live secret. */
  readonly deletedAt?: number;
  /** When the recovery window of a deleted secret ends. */
  readonly purgeAt?: number;
  readonly versions: readonly SecretVersion[];
}

/** Everything the server keeps, by creation. */
export type Secrets = readonly SecretRecord[];

/**
 * The secret that `secretId` names: by name, by ARN, or by ARN without its random suffix.
 *
 * @throws {SecretsRefusal} `ResourceNotFoundException`
 */
export function findSecret(secrets: Secrets, secretId: string): SecretRecord {
  const found = secrets.find(
    ({ name, arn }) => secretId === name || secretId === arn || secretId === arn.slice(0, -7),
  );
  if (found === undefined) {
    throw new SecretsRefusal(
      'ResourceNotFoundException',
      "Secrets Manager can't find the specified secret.",
    );
  }
  return found;
}

/**
 * As {@link findSecret}, for operations that a secret marked for deletion refuses.
 *
 * @throws {SecretsRefusal} `ResourceNotFoundException`, `InvalidRequestException`
 */
export function findLiveSecret(secrets: Secrets, secretId: string): SecretRecord {
  const secret = findSecret(secrets, secretId);
  if (secret.deletedAt !== undefined) {
    throw new SecretsRefusal(
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }
  return secret;
}

/** `secrets` with `changed` in the place of the secret of the same ARN, or at the end. */
export function storeSecret(secrets: Secrets, changed: SecretRecord): Secrets {
  return secrets.some(({ arn }) => arn === changed.arn)
    ? secrets.map((secret) => (secret.arn === changed.arn ? changed : secret))
    : [...secrets, changed];
}

/** The version that bears the label `stage`, if one does. */
export function versionAtStage(
  { versions }: Pick<SecretRecord, 'versions'>,
  stage: string,
): SecretVersion | undefined {
  return versions.find(({ stages }) => stages.includes(stage));
}

/**
 * Adds a version and moves the labels `stages` to it.
 *
 * The first version of a secret gets AWSCURRENT whatever was asked for.
 */
export function addVersion(
  secret: SecretRecord,
  version: Omit<SecretVersion, 'stages'>,
  stages: readonly string[],
): SecretRecord {
  const wanted = secret.versions.length === 0 ? [...new Set([...stages, 'AWSCURRENT'])] : stages;
  const withVersion: SecretRecord = {
    ...secret,
    changedAt: version.createdAt,
    versions: [...secret.versions, { ...version, stages: [] }],
  };
  return wanted.reduce((changed, stage) => moveStage(changed, stage, version.id), withVersion);
}

/**
 * Moves one label to the version `toId`, or off all versions. Where AWSCURRENT leaves a version for
 * another, AWSPREVIOUS comes to the one it left.
 */
export function moveStage(
  secret: SecretRecord,
  stage: string,
  toId: string | undefined,
): SecretRecord {
  const from = versionAtStage(secret, stage);
  if (from?.id === toId) return secret;
  const versions = secret.versions.map((version) => {
    const others = version.stages.filter((label) => label !== stage);
    return { ...version, stages: version.id === toId ? [...others, stage] : others };
  });
  const moved = { ...secret, versions };
  return stage === 'AWSCURRENT' && from !== undefined
    ? moveStage(moved, 'AWSPREVIOUS', from.id)
    : moved;
}

/** Version ids and their labels; deprecated versions are left out. */
export function listStages({ versions }: SecretRecord): Record<string, readonly string[]> {
  return Object.fromEntries(
    versions.filter(({ stages }) => stages.length > 0).map(({ id, stages }) => [id, stages]),
  );
}
