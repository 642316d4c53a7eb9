/**
 * The operation that moves staging labels.
 *
 * @module
 */
import * as v from 'valibot';
import {
  answerWith,
  defineOperation,
  type Operations,
  secretIdEntry,
  stageEntry,
} from './operation.ts';
import {
  findLiveSecret,
  moveStage,
  type SecretRecord,
  storeSecret,
  versionAtStage,
} from './secret-record.ts';
import { SecretsRefusal } from './secrets-refusal.ts';

const updateSecretVersionStage = defineOperation(
  v.object({
    SecretId: secretIdEntry,
    VersionStage: stageEntry,
    RemoveFromVersionId: v.optional(v.string()),
    MoveToVersionId: v.optional(v.string()),
  }),
  (secrets, input, now) => {
    const secret = findLiveSecret(secrets, input.SecretId);
    const { VersionStage: stage, RemoveFromVersionId: fromId, MoveToVersionId: toId } = input;
    const holderId = versionAtStage(secret, stage)?.id;
    for (const id of [fromId, toId]) assertVersion(secret, id);
    if (holderId !== toId || toId === undefined) assertStageHolder(stage, holderId, fromId);
    if (stage === 'AWSCURRENT' && toId === undefined) {
      throw new SecretsRefusal(
        'InvalidParameterException',
        "You can't remove the staging label AWSCURRENT; move it to another version.",
      );
    }
    const changed = { ...moveStage(secret, stage, toId), changedAt: now };
    return answerWith(storeSecret(secrets, changed), changed);
  },
);

function assertVersion({ versions }: SecretRecord, versionId: string | undefined): void {
  if (versionId === undefined || versions.some(({ id }) => id === versionId)) return;
  throw new SecretsRefusal(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret version: ${versionId}.`,
  );
}

/** The caller has to name the version that holds the label: this makes a move compare-and-set. */
function assertStageHolder(
  stage: string,
  holderId: string | undefined,
  namedId: string | undefined,
): void {
  if (namedId === holderId) return;
  throw new SecretsRefusal(
    'InvalidParameterException',
    namedId === undefined
      ? `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holderId}, so you must explicitly reference that version in RemoveFromVersionId.`
      : `The staging label ${stage} is not attached to version ${namedId}.`,
  );
}

export const stageOperations: Operations = { UpdateSecretVersionStage: updateSecretVersionStage };
