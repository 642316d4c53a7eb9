import { hkdfSync } from 'node:crypto';
import type { KeyRingName } from '../broker/key-ports.ts';
import type { SealPurpose } from '../broker/ports.ts';
import { Fault } from '../fault.ts';

/** Which ring seals what. */
export const ringOf: Readonly<Record<SealPurpose, KeyRingName>> = {
  access_token: 'access-token',
  renewal: 'renewal',
  revocation: 'renewal',
};

/** What a key is for: each purpose has a key of its own. */
export type KeyPurpose = SealPurpose | 'fingerprint';

/** The keys of one ring. Their characters are out of reach of every printer. */
export interface KeyRing {
  /** The id of the key that seals. All of them open. */
  readonly currentKeyId: string;
  /** Of all its keys, in the order in which they were added. */
  readonly keyIds: readonly string[];
  /**
   * A key of 256 bits for one purpose, by HKDF-SHA-256 (RFC 5869) of the ring's characters.
   *
   * @returns the same array each time; undefined when the ring has no key of this id.
   */
  readonly deriveKey: (keyId: string, purpose: KeyPurpose) => Uint8Array<ArrayBuffer> | undefined;
}

/** Short, so that a key's characters put in its place are not taken for an id and repeated. */
const keyIdPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,15}$/;
/** What `GenerateSecretString` makes: visible ASCII. 64 are asked for; fewer than 32 are refused. */
const keyPattern = /^[!-~]{32,1024}$/;
const keyBytes = 32;

/**
 * Reads a key ring's secret: `{ "current": "k1", "k1": "64 random characters" }`.
 *
 * @param secretText - from Secrets Manager; an operator may have written it.
 * @throws {Fault} `KEY_RING_INVALID` naming what is wrong; it repeats no value.
 */
export function parseKeyRing(ring: KeyRingName, secretText: string): KeyRing {
  const refusal = (problems: readonly string[]) =>
    new Fault('KEY_RING_INVALID', { purpose: ring, problems });
  const members = parseObject(secretText);
  if (!members) throw refusal(['must be a JSON object']);
  const { current, ...rest } = members;
  const keys = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, value] of Object.entries(rest)) {
    if (!keyIdPattern.test(name)) {
      problems.push('has a member whose name is neither current nor a key id of 1 to 16 letters');
    } else if (typeof value === 'string' && keyPattern.test(value)) {
      keys.set(name, value);
    } else {
      problems.push(`${name} must be 32 to 1024 visible ASCII characters`);
    }
  }
  if (current === undefined) problems.push('current is missing');
  if (problems.length > 0) throw refusal(problems);
  if (typeof current !== 'string' || !keys.has(current)) {
    throw refusal(['current must be the id of a key']);
  }
  return buildKeyRing(current, keys);
}

function buildKeyRing(currentKeyId: string, keys: ReadonlyMap<string, string>): KeyRing {
  const derived = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    currentKeyId,
    keyIds: [...keys.keys()],
    deriveKey: (keyId, purpose) => {
      const characters = keys.get(keyId);
      if (characters === undefined) return undefined;
      const name = `${purpose} ${keyId}`;
      const key = derived.get(name) ?? deriveKey(characters, keyId, purpose);
      derived.set(name, key);
      return key;
    },
  };
}

function deriveKey(
  characters: string,
  keyId: string,
  purpose: KeyPurpose,
): Uint8Array<ArrayBuffer> {
  const info = `evergrant ${purpose} ${keyId}`;
  return new Uint8Array(hkdfSync('sha256', characters, '', info, keyBytes));
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined;
  } catch {
    // The parser's message quotes the text.
    return undefined;
  }
}
