import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { KeyRingName, KeyRingStore, StoredKeyRing } from '../broker/key-ports.ts';
import type { RandomToken } from '../broker/ports.ts';
import { Fault } from '../fault.ts';
import { parseKeyRing } from '../sealing/key-ring.ts';
import { writeWithKey, writeWithoutKey } from '../sealing/key-ring-text.ts';
import { type EpochSeconds, epochSeconds } from '../time.ts';
import { isAbsent } from './secret-value.ts';
import { calling, errorName, storeFault } from './store-fault.ts';

/** Where the rings of one stage are. */
interface StageRings {
  readonly client: SecretsManagerClient;
  readonly stage: string;
  readonly randomToken: RandomToken;
}

const current = 'AWSCURRENT';

/**
 * The key rings in Secrets Manager, as an operator changes them.
 *
 * A new version is written beside the current one, and becomes it by moving the label AWSCURRENT
 * from the version that was seen. Secrets Manager refuses that where the label has moved meanwhile:
 * so of two changes one is made, on the ring that it was made for.
 */
export function secretsKeyRingStore(rings: StageRings): KeyRingStore {
  return {
    read: (ring) => readRing(rings, ring),
    addKey: (seen, key) => change(rings, seen, (text) => writeWithKey(seen.ring, text, key)),
    removeKey: (seen, keyId) =>
      change(rings, seen, (text) => writeWithoutKey(seen.ring, text, keyId)),
  };
}

const nameOf = ({ stage }: StageRings, ring: KeyRingName) => `evergrant/${stage}/keys/${ring}`;

async function readRing(rings: StageRings, ring: KeyRingName): Promise<StoredKeyRing> {
  const name = nameOf(rings, ring);
  // First: what changes between the two calls then makes the ring younger, never older.
  const value = await readVersion(rings, ring);
  const about = await calling({ store: 'secrets', operation: 'DescribeSecret' }, () =>
    rings.client.send(new DescribeSecretCommand({ SecretId: name })),
  );
  const { currentKeyId, keyIds } = parseKeyRing(ring, value.text);
  const writtenAt = toSeconds(value.createdAt);
  return {
    ring,
    currentKeyId,
    keyIds,
    version: value.version,
    writtenAt,
    createdAt: toSeconds(about.CreatedDate),
    changedAt: toSeconds(about.LastChangedDate ?? value.createdAt),
  };
}

/** The current version, or the one named. */
async function readVersion(rings: StageRings, ring: KeyRingName, version?: string) {
  try {
    const answer = await rings.client.send(
      new GetSecretValueCommand({
        SecretId: nameOf(rings, ring),
        ...(version !== undefined && { VersionId: version }),
      }),
    );
    const { SecretString: text = '', VersionId: id = '', CreatedDate: createdAt } = answer;
    return { text, version: id, createdAt };
  } catch (error) {
    if (isAbsent(error)) {
      throw new Fault('KEY_RING_INVALID', { purpose: ring, problems: ['there is no such secret'] });
    }
    throw storeFault({ store: 'secrets', operation: 'GetSecretValue' }, error);
  }
}

async function change(
  rings: StageRings,
  seen: StoredKeyRing,
  write: (secretText: string) => string,
): Promise<'done' | 'lost'> {
  const { ring, version } = seen;
  const { text } = await readVersion(rings, ring, version);
  // Its own for each change: under one label for all, another's new version would lose it.
  const label = `pending-${rings.randomToken()}`;
  const written = await calling({ store: 'secrets', operation: 'PutSecretValue' }, () =>
    rings.client.send(
      new PutSecretValueCommand({
        SecretId: nameOf(rings, ring),
        SecretString: write(text),
        VersionStages: [label],
      }),
    ),
  );
  const next = written.VersionId ?? '';
  const moved = await makeCurrent(rings, { ring, from: version, to: next });
  await dropLabel(rings, ring, { label, version: next });
  return moved;
}

async function makeCurrent(
  rings: StageRings,
  { ring, from, to }: { readonly ring: KeyRingName; readonly from: string; readonly to: string },
): Promise<'done' | 'lost'> {
  try {
    await rings.client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: nameOf(rings, ring),
        VersionStage: current,
        RemoveFromVersionId: from,
        MoveToVersionId: to,
      }),
    );
    return 'done';
  } catch (error) {
    const place = { store: 'secrets', operation: 'UpdateSecretVersionStage' };
    if (errorName(error) !== 'InvalidParameterException') throw storeFault(place, error);
    // It may have been moved by this very call, sent twice because its answer was lost.
    return (await readVersion(rings, ring)).version === to ? 'done' : 'lost';
  }
}

/** Tidies up: a version without a label is deleted by Secrets Manager in its own time. */
async function dropLabel(
  rings: StageRings,
  ring: KeyRingName,
  { label, version }: { readonly label: string; readonly version: string },
): Promise<void> {
  await calling({ store: 'secrets', operation: 'UpdateSecretVersionStage' }, () =>
    rings.client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: nameOf(rings, ring),
        VersionStage: label,
        RemoveFromVersionId: version,
      }),
    ),
  );
}

function toSeconds(date: Date | undefined): EpochSeconds {
  if (date) return epochSeconds(Math.ceil(date.getTime() / 1000));
  throw new Fault('STORE_UNAVAILABLE', { store: 'secrets', operation: 'read', reason: 'no_date' });
}
