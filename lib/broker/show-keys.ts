import type { EpochSeconds } from '../time.ts';
import {
  type KeyRecordStore,
  type KeyRingName,
  type KeyRingStore,
  keyRingNames,
  type ResealProgress,
  type ResealProgressStore,
  type StoredKeyRing,
} from './key-ports.ts';

interface Ports {
  readonly rings: Pick<KeyRingStore, 'read'>;
  readonly records: Pick<KeyRecordStore, 'read'>;
  readonly progress: Pick<ResealProgressStore, 'read'>;
}

/** One key, without a character of it. */
export interface ShownKey {
  readonly ring: KeyRingName;
  readonly keyId: string;
  readonly isCurrent: boolean;
  /** Absent: it was added by hand, or the table was put back to before it was. */
  readonly createdAt?: EpochSeconds;
  /** Since when nothing is sealed with it, as far as a sweep has proven. */
  readonly unusedSince?: EpochSeconds;
}

/** Every key of both rings with its age, and how far the last sweep has come. */
export async function showKeys(
  ports: Ports,
): Promise<{ readonly keys: readonly ShownKey[]; readonly sweep?: ResealProgress }> {
  const keys: ShownKey[] = [];
  for (const ring of keyRingNames) {
    const stored = await ports.rings.read(ring);
    for (const keyId of stored.keyIds) keys.push(await showKey(ports, stored, keyId));
  }
  const sweep = await ports.progress.read();
  return { keys, ...(sweep && { sweep }) };
}

async function showKey(
  { records }: Ports,
  stored: StoredKeyRing,
  keyId: string,
): Promise<ShownKey> {
  const { ring } = stored;
  const isCurrent = keyId === stored.currentKeyId;
  const { createdAt = bornWith(stored, keyId), unusedSince } = await records.read(ring, keyId);
  return {
    ring,
    keyId,
    isCurrent,
    ...(createdAt !== undefined && { createdAt }),
    ...(unusedSince !== undefined && !isCurrent && { unusedSince }),
  };
}

/** A ring is made with `k1`; a key that is current was added with the ring's version at the latest. */
function bornWith(
  { currentKeyId, createdAt, writtenAt }: StoredKeyRing,
  keyId: string,
): EpochSeconds | undefined {
  if (keyId === 'k1') return createdAt;
  return keyId === currentKeyId ? writtenAt : undefined;
}
