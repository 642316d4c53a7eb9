/**
 * The operations that end a secret's life, take that back, or tag it.
 *
 * @module
 */
import * as v from 'valibot';
import { defineOperation, type Operations, secretIdEntry } from './operation.ts';
import { findLiveSecret, findSecret, type Secrets, storeSecret } from './secret-record.ts';
import { SecretsRefusal } from './secrets-refusal.ts';

const secondsPerDay = 86_400;
const defaultWindowDays = 30;

const deleteSecret = defineOperation(
  v.object({
    SecretId: secretIdEntry,
    RecoveryWindowInDays: v.optional(v.number()),
    ForceDeleteWithoutRecovery: v.optional(v.boolean(), false),
  }),
  (secrets, input, now) => {
    if (input.ForceDeleteWithoutRecovery) return deleteAtOnce(secrets, input, now);
    const windowDays = input.RecoveryWindowInDays ?? defaultWindowDays;
    if (windowDays < 7 || windowDays > 30) {
      throw new SecretsRefusal(
        'InvalidParameterException',
        'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
      );
    }
    const secret = findLiveSecret(secrets, input.SecretId);
    const purgeAt = now + windowDays * secondsPerDay;
    return {
      secrets: storeSecret(secrets, { ...secret, deletedAt: now, purgeAt }),
      answer: { ARN: secret.arn, Name: secret.name, DeletionDate: purgeAt },
    };
  },
);

/** Forced deletion of a secret that does not exist succeeds, as on AWS. */
function deleteAtOnce(
  secrets: Secrets,
  input: { readonly SecretId: string; readonly RecoveryWindowInDays?: number | undefined },
  now: number,
) {
  if (input.RecoveryWindowInDays !== undefined) {
    throw new SecretsRefusal(
      'InvalidParameterException',
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  }
  const { SecretId: secretId } = input;
  const secret = secrets.find(({ name, arn }) => secretId === name || secretId === arn);
  return {
    secrets: secrets.filter((other) => other !== secret),
    answer: { ARN: secret?.arn, Name: secret?.name ?? secretId, DeletionDate: now },
  };
}

const restoreSecret = defineOperation(v.object({ SecretId: secretIdEntry }), (secrets, input) => {
  const { deletedAt: _, purgeAt: __, ...live } = findSecret(secrets, input.SecretId);
  return { secrets: storeSecret(secrets, live), answer: { ARN: live.arn, Name: live.name } };
});

const tagResource = defineOperation(
  v.object({
    SecretId: secretIdEntry,
    Tags: v.array(v.object({ Key: v.string(), Value: v.optional(v.string()) })),
  }),
  (secrets, input) => {
    const secret = findLiveSecret(secrets, input.SecretId);
    const named = new Set<string | undefined>(input.Tags.map(({ Key }) => Key));
    const kept = secret.tags.filter(({ Key }) => !named.has(Key));
    return {
      secrets: storeSecret(secrets, { ...secret, tags: [...kept, ...input.Tags] }),
      answer: {},
    };
  },
);

const untagResource = defineOperation(
  v.object({ SecretId: secretIdEntry, TagKeys: v.array(v.string()) }),
  (secrets, input) => {
    const secret = findLiveSecret(secrets, input.SecretId);
    const named = new Set<string | undefined>(input.TagKeys);
    const tags = secret.tags.filter(({ Key }) => !named.has(Key));
    return { secrets: storeSecret(secrets, { ...secret, tags }), answer: {} };
  },
);

/** `secrets` without those whose recovery window has ended. */
export function purgeSecrets(secrets: Secrets, now: number): Secrets {
  return secrets.some(({ purgeAt }) => purgeAt !== undefined && purgeAt <= now)
    ? secrets.filter(({ purgeAt }) => purgeAt === undefined || purgeAt > now)
    : secrets;
}

export const lifecycleOperations: Operations = {
  DeleteSecret: deleteSecret,
  RestoreSecret: restoreSecret,
  TagResource: tagResource,
  UntagResource: untagResource,
};
