import type { KeyRingName } from '../../lib/broker/key-ports.ts';
import { jweSealer, type ReadKeyRing } from '../../lib/sealing/jwe-sealer.ts';
import { type KeyRing, parseKeyRing } from '../../lib/sealing/key-ring.ts';

/** The characters of a key in tests: 64 of them, different for each ring and key. */
export function keyCharacters(ring: KeyRingName, keyId: string): string {
  return `${ring}.${keyId}.`.padEnd(64, '0123456789abcdef');
}

/** A ring that has these keys; the first is the current one. */
export function aKeyRing(ring: KeyRingName, ...keyIds: readonly string[]): KeyRing {
  const [current = 'k1'] = keyIds;
  const keys = [current, ...keyIds].map((keyId) => [keyId, keyCharacters(ring, keyId)]);
  return parseKeyRing(ring, JSON.stringify({ current, ...Object.fromEntries(keys) }));
}

/** Rings that have one key each. */
export const readTestKeyRing: ReadKeyRing = async (ring) => aKeyRing(ring, 'k1');

/** The real sealer with keys of no value. */
export const testSealer = () => jweSealer(readTestKeyRing);
