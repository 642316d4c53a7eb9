/**
 * The operations that write a secret's value.
 *
 * @module
 */
import { randomBytes, randomUUID } from 'node:crypto';
import * as v from 'valibot';
import {
  answerWith,
  defineOperation,
  isSameValue,
  type OperationResult,
  type Operations,
  readValue,
  secretIdEntry,
  stageEntry,
  valueEntries,
} from './operation.ts';
import {
  addVersion,
  findLiveSecret,
  type SecretRecord,
  type Secrets,
  type SecretValue,
  storeSecret,
} from './secret-record.ts';
import { SecretsRefusal } from './secrets-refusal.ts';

const arnPrefix = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:';

const nameEntry = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9/_+=.@!-]{1,512}$/,
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  ),
);
const tagsEntry = v.array(v.object({ Key: v.optional(v.string()), Value: v.optional(v.string()) }));

const createSecret = defineOperation(
  v.object({
    Name: nameEntry,
    Description: v.optional(v.string()),
    KmsKeyId: v.optional(v.string()),
    Tags: v.optional(tagsEntry, []),
    ...valueEntries,
  }),
  (secrets, input, now) => {
    const value = readValue(input);
    const existing = secrets.find(({ name }) => name === input.Name);
    if (existing !== undefined) return answerRepeatedCreate(existing, value, input);
    const empty: SecretRecord = {
      name: input.Name,
      arn: `${arnPrefix}${input.Name}-${randomBytes(3).toString('hex')}`,
      ...(input.Description === undefined ? {} : { description: input.Description }),
      ...(input.KmsKeyId === undefined ? {} : { kmsKeyId: input.KmsKeyId }),
      tags: input.Tags,
      createdAt: now,
      changedAt: now,
      versions: [],
    };
    return value === undefined
      ? answerWith(storeSecret(secrets, empty), empty)
      : writeVersion(secrets, empty, { value, now, token: input.ClientRequestToken });
  },
);

/** A create that is repeated with its token and value succeeds again; any other is refused. */
function answerRepeatedCreate(
  existing: SecretRecord,
  value: SecretValue | undefined,
  { ClientRequestToken: token }: { readonly ClientRequestToken?: string | undefined },
): OperationResult {
  if (existing.deletedAt !== undefined) {
    throw new SecretsRefusal(
      'InvalidRequestException',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  const version = existing.versions.find(({ id }) => id === token);
  if (version === undefined || value === undefined || !isSameValue(version, value)) {
    throw new SecretsRefusal(
      'ResourceExistsException',
      `The operation failed because the secret ${existing.name} already exists.`,
    );
  }
  return { answer: { ARN: existing.arn, Name: existing.name, VersionId: version.id } };
}

const putSecretValue = defineOperation(
  v.object({
    SecretId: secretIdEntry,
    VersionStages: v.optional(v.pipe(v.array(stageEntry), v.minLength(1), v.maxLength(20))),
    ...valueEntries,
  }),
  (secrets, input, now) => {
    const secret = findLiveSecret(secrets, input.SecretId);
    const value = readValue(input);
    if (value === undefined) {
      throw new SecretsRefusal(
        'InvalidParameterException',
        'You must provide either SecretString or SecretBinary.',
      );
    }
    const stages = input.VersionStages ?? ['AWSCURRENT'];
    const written = writeVersion(secrets, secret, {
      value,
      now,
      token: input.ClientRequestToken,
      stages,
    });
    return { ...written, answer: { ...written.answer, VersionStages: stages } };
  },
);

const updateSecret = defineOperation(
  v.object({
    SecretId: secretIdEntry,
    Description: v.optional(v.string()),
    KmsKeyId: v.optional(v.string()),
    ...valueEntries,
  }),
  (secrets, input, now) => {
    const described: SecretRecord = {
      ...findLiveSecret(secrets, input.SecretId),
      ...(input.Description === undefined ? {} : { description: input.Description }),
      ...(input.KmsKeyId === undefined ? {} : { kmsKeyId: input.KmsKeyId }),
      changedAt: now,
    };
    const value = readValue(input);
    return value === undefined
      ? answerWith(storeSecret(secrets, described), described)
      : writeVersion(secrets, described, { value, now, token: input.ClientRequestToken });
  },
);

interface NewVersion {
  readonly value: SecretValue;
  readonly now: number;
  /** Becomes the version's id, so that a repeated request is recognised. */
  readonly token: string | undefined;
  readonly stages?: readonly string[];
}

function writeVersion(
  secrets: Secrets,
  secret: SecretRecord,
  { value, now, token = randomUUID(), stages = ['AWSCURRENT'] }: NewVersion,
): OperationResult {
  const existing = secret.versions.find(({ id }) => id === token);
  if (existing !== undefined && !isSameValue(existing, value)) {
    throw new SecretsRefusal(
      'ResourceExistsException',
      `The operation failed because the version ${token} already exists with another value.`,
    );
  }
  const changed =
    existing === undefined
      ? addVersion(secret, { id: token, createdAt: now, ...value }, stages)
      : secret;
  return answerWith(storeSecret(secrets, changed), changed, { VersionId: token });
}

export const valueOperations: Operations = {
  CreateSecret: createSecret,
  PutSecretValue: putSecretValue,
  UpdateSecret: updateSecret,
};
