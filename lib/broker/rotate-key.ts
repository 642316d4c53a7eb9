import { isFault } from '../fault.ts';
import { Secret } from '../secret.ts';
import type { Clock } from '../time.ts';
import type { KeyRecordStore, KeyRingName, KeyRingStore } from './key-ports.ts';
import type { Log, RandomToken } from './ports.ts';

interface Ports {
  readonly rings: KeyRingStore;
  readonly records: KeyRecordStore;
  readonly randomToken: RandomToken;
  readonly clock: Clock;
  readonly log: Log;
}

export type Rotation =
  | { readonly outcome: 'rotated'; readonly keyId: string; readonly formerKeyId: string }
  /** Somebody else changed the ring meanwhile; nothing of it was changed here. */
  | { readonly outcome: 'changed' };

/** As many characters as a ring's first key has. */
const keyLength = 64;

/**
 * Adds a new key to a ring and makes it the current one.
 *
 * It may seal at once: whoever meets a key id that it does not know reads the ring again.
 *
 * @throws {Fault} `KEY_RING_INVALID`, `STORE_UNAVAILABLE`; after the latter look at the ring before
 *   rotating again, for it may have been changed.
 */
export async function rotateKey(ports: Ports, ring: KeyRingName): Promise<Rotation> {
  const seen = await ports.rings.read(ring);
  const keyId = nextKeyId(seen.keyIds);
  const characters = new Secret(
    'key',
    `${ports.randomToken()}${ports.randomToken()}`.slice(0, keyLength),
  );
  if ((await ports.rings.addKey(seen, { keyId, characters })) === 'lost') {
    return { outcome: 'changed' };
  }
  await noteCreated(ports, ring, keyId);
  return { outcome: 'rotated', keyId, formerKeyId: seen.currentKeyId };
}

/** One more than the highest number there is: an id is not used twice. */
function nextKeyId(keyIds: readonly string[]): string {
  const numbers = keyIds.map((keyId) => Number(/^k(\d{1,9})$/.exec(keyId)?.[1] ?? 0));
  return `k${Math.max(0, ...numbers) + 1}`;
}

/** The ring has been rotated whether its age can be noted or not. */
async function noteCreated(ports: Ports, ring: KeyRingName, keyId: string): Promise<void> {
  try {
    await ports.records.noteCreated(ring, keyId, ports.clock.now());
  } catch (error) {
    if (!isFault(error)) throw error;
    ports.log.warn('key_age_not_noted', { ring, keyId, context: error.context });
  }
}
