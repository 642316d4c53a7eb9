import { type Clock, type EpochSeconds, type Seconds, until } from '../time.ts';
import {
  type CurrentKey,
  type KeyRecordStore,
  type KeyRingName,
  keyRingNames,
} from './key-ports.ts';

interface Ports {
  readonly readCurrentKey: (ring: KeyRingName) => Promise<CurrentKey>;
  readonly records: Pick<KeyRecordStore, 'read'>;
  readonly clock: Clock;
}

/** Since when a ring's current key is there. */
export interface KeyAge {
  readonly ring: KeyRingName;
  readonly ageSeconds: Seconds;
}

/**
 * How old the current key of each ring is.
 *
 * A rotation notes when it made a key. Of a key without such a note, as a ring's first one, the
 * version of the ring is as old, unless somebody wrote it by hand: then the key is older.
 *
 * @returns no age for a ring whose version has no date.
 * @throws {Fault} `KEY_RING_INVALID`, `STORE_UNAVAILABLE`
 */
export async function readKeyAges(ports: Ports): Promise<readonly KeyAge[]> {
  const ages = await Promise.all(keyRingNames.map((ring) => readKeyAge(ports, ring)));
  return ages.filter((age) => age !== undefined);
}

async function readKeyAge(
  { readCurrentKey, records, clock }: Ports,
  ring: KeyRingName,
): Promise<KeyAge | undefined> {
  const { keyId, writtenAt } = await readCurrentKey(ring);
  const { createdAt = writtenAt }: { readonly createdAt?: EpochSeconds } = await records.read(
    ring,
    keyId,
  );
  return createdAt === undefined ? undefined : { ring, ageSeconds: until(clock.now(), createdAt) };
}
