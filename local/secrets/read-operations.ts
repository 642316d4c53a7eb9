/**
 * The operations that read.
 *
 * @module
 */
import * as v from 'valibot';
import { defineOperation, type Operations, secretIdEntry } from './operation.ts';
import { fitsFilters, parseFilters } from './secret-filter.ts';
import {
  findLiveSecret,
  findSecret,
  listStages,
  type SecretRecord,
  type SecretVersion,
  versionAtStage,
} from './secret-record.ts';
import { SecretsRefusal } from './secrets-refusal.ts';

const pageEntries = {
  MaxResults: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 100),
  NextToken: v.optional(v.string()),
};

const getSecretValue = defineOperation(
  v.object({
    SecretId: secretIdEntry,
    VersionId: v.optional(v.string()),
    VersionStage: v.optional(v.string()),
  }),
  (secrets, input) => {
    const secret = findLiveSecret(secrets, input.SecretId);
    const version = readVersion(secret, input);
    return {
      answer: {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        VersionStages: version.stages,
        SecretString: version.text,
        SecretBinary: version.base64,
        CreatedDate: version.createdAt,
      },
    };
  },
);

/** The version asked for by id, by label, or by both when they agree; AWSCURRENT by default. */
function readVersion(
  secret: SecretRecord,
  wanted: { readonly VersionId?: string | undefined; readonly VersionStage?: string | undefined },
): SecretVersion {
  const { VersionId: id, VersionStage: label } = wanted;
  const stage = label ?? (id === undefined ? 'AWSCURRENT' : undefined);
  const version =
    id === undefined
      ? versionAtStage(secret, stage ?? 'AWSCURRENT')
      : secret.versions.find((one) => one.id === id);
  if (version !== undefined && (stage === undefined || version.stages.includes(stage))) {
    return version;
  }
  const description = id === undefined ? `staging label: ${stage}` : `VersionId: ${id}`;
  throw new SecretsRefusal(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret value for ${description}`,
  );
}

const describeSecret = defineOperation(v.object({ SecretId: secretIdEntry }), (secrets, input) => {
  const secret = findSecret(secrets, input.SecretId);
  return { answer: { ...describe(secret), VersionIdsToStages: listStages(secret) } };
});

const listSecrets = defineOperation(
  v.object({
    ...pageEntries,
    Filters: v.optional(v.unknown()),
    SortOrder: v.optional(v.picklist(['asc', 'desc']), 'desc'),
    IncludePlannedDeletion: v.optional(v.boolean(), false),
  }),
  (secrets, input) => {
    const filters = parseFilters(input.Filters);
    const found = secrets.filter(
      (secret) =>
        (input.IncludePlannedDeletion || secret.deletedAt === undefined) &&
        fitsFilters(secret, filters),
    );
    const sorted = input.SortOrder === 'asc' ? found : found.toReversed();
    const { page, next } = cutPage(sorted, input);
    const list = page.map((secret) => ({
      ...describe(secret),
      SecretVersionsToStages: listStages(secret),
    }));
    return { answer: { SecretList: list, NextToken: next } };
  },
);

const listSecretVersionIds = defineOperation(
  v.object({
    ...pageEntries,
    SecretId: secretIdEntry,
    IncludeDeprecated: v.optional(v.boolean(), false),
  }),
  (secrets, input) => {
    const secret = findSecret(secrets, input.SecretId);
    const wanted = secret.versions.filter(
      ({ stages }) => input.IncludeDeprecated || stages.length > 0,
    );
    const { page, next } = cutPage(wanted, input);
    const versions = page.map(({ id, stages, createdAt }) => ({
      VersionId: id,
      VersionStages: stages,
      CreatedDate: createdAt,
    }));
    return {
      answer: { ARN: secret.arn, Name: secret.name, Versions: versions, NextToken: next },
    };
  },
);

function describe(secret: SecretRecord): object {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    CreatedDate: secret.createdAt,
    LastChangedDate: secret.changedAt,
    DeletedDate: secret.deletedAt,
    Tags: secret.tags,
  };
}

/** A page token is the offset of the next page: opaque to clients, and the list changes little. */
function cutPage<Entry>(
  entries: readonly Entry[],
  {
    MaxResults,
    NextToken,
  }: { readonly MaxResults: number; readonly NextToken?: string | undefined },
): { readonly page: readonly Entry[]; readonly next: string | undefined } {
  const start = NextToken === undefined ? 0 : Number(NextToken);
  if (!Number.isSafeInteger(start) || start < 0) {
    throw new SecretsRefusal('InvalidNextTokenException', 'The NextToken value is invalid.');
  }
  const end = start + MaxResults;
  return { page: entries.slice(start, end), next: end < entries.length ? `${end}` : undefined };
}

export const readOperations: Operations = {
  GetSecretValue: getSecretValue,
  DescribeSecret: describeSecret,
  ListSecrets: listSecrets,
  ListSecretVersionIds: listSecretVersionIds,
};
