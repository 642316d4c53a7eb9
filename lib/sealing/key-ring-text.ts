/**
 * A key ring's secret with a key more, or a key less.
 *
 * Everything that is not changed stays as it is, character for character; what comes in and what
 * goes out is a valid ring.
 *
 * @module
 */
import type { KeyRingName } from '../broker/key-ports.ts';
import { Fault } from '../fault.ts';
import type { Secret } from '../secret.ts';
import { parseKeyRing } from './key-ring.ts';

/**
 * Adds a key and makes it the current one.
 *
 * @throws {Fault} `KEY_RING_INVALID` when the ring is none, has a key of this id, or the key is none.
 */
export function writeWithKey(
  ring: KeyRingName,
  secretText: string,
  { keyId, characters }: { readonly keyId: string; readonly characters: Secret<'key'> },
): string {
  const { keyIds } = parseKeyRing(ring, secretText);
  if (keyIds.includes(keyId)) throw refusal(ring, `it has a key ${keyId} already`);
  const members = { ...parseMembers(secretText), current: keyId, [keyId]: characters.reveal() };
  return assertRing(ring, JSON.stringify(members));
}

/**
 * Takes a key out.
 *
 * @throws {Fault} `KEY_RING_INVALID` when the ring is none, or the key is not in it or is current.
 */
export function writeWithoutKey(ring: KeyRingName, secretText: string, keyId: string): string {
  const { keyIds, currentKeyId } = parseKeyRing(ring, secretText);
  if (!keyIds.includes(keyId)) throw refusal(ring, `it has no key ${keyId}`);
  if (keyId === currentKeyId) throw refusal(ring, `${keyId} is its current key`);
  const { [keyId]: _gone, ...members } = parseMembers(secretText);
  return assertRing(ring, JSON.stringify(members));
}

/** The text has just been read as a ring: it is an object of texts. */
function parseMembers(secretText: string): Readonly<Record<string, string>> {
  const members: Readonly<Record<string, string>> = JSON.parse(secretText);
  return members;
}

function assertRing(ring: KeyRingName, secretText: string): string {
  parseKeyRing(ring, secretText);
  return secretText;
}

function refusal(ring: KeyRingName, problem: string): Fault<'KEY_RING_INVALID'> {
  return new Fault('KEY_RING_INVALID', { purpose: ring, problems: [problem] });
}
