import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFault } from '../../../lib/fault.ts';
import { parseKeyRing } from '../../../lib/sealing/key-ring.ts';

const key = `CANARY${'a'.repeat(58)}`;
const ringText = (members: object) => JSON.stringify(members);

/** What is wrong with a ring. */
function problemsOf(text: string): readonly string[] {
  try {
    parseKeyRing('renewal', text);
  } catch (error) {
    if (isFault(error) && error.code === 'KEY_RING_INVALID') {
      expect(inspect(error, { showHidden: true })).not.toContain('CANARY');
      expect(error.context.purpose).toBe('renewal');
      return error.context.problems;
    }
    throw error;
  }
  return [];
}

describe('parseKeyRing', () => {
  it('reads the shape that GenerateSecretString makes', () => {
    const ring = parseKeyRing('renewal', ringText({ current: 'k1', k1: key }));

    expect(ring.currentKeyId).toBe('k1');
    expect(ring.deriveKey('k1', 'renewal')).toHaveLength(32);
  });

  it('derives by HKDF-SHA-256 one key for each ring’s characters, key id and purpose', () => {
    const ring = parseKeyRing('renewal', ringText({ current: 'k1', k1: key, k2: key }));
    const other = parseKeyRing('renewal', ringText({ current: 'k1', k1: `${key}b` }));
    const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

    const keys = [
      hex(ring.deriveKey('k1', 'renewal')),
      hex(ring.deriveKey('k1', 'revocation')),
      hex(ring.deriveKey('k1', 'access_token')),
      hex(ring.deriveKey('k2', 'renewal')),
      hex(other.deriveKey('k1', 'renewal')),
    ];

    expect(new Set(keys).size).toBe(5);
    expect(hex(ring.deriveKey('k1', 'renewal'))).toBe(keys[0]);
  });

  it('derives each key once: whoever keeps something by it finds it again', () => {
    const ring = parseKeyRing('renewal', ringText({ current: 'k1', k1: key }));

    expect(ring.deriveKey('k1', 'renewal')).toBe(ring.deriveKey('k1', 'renewal'));
  });

  it('derives the same key in every release: what is sealed must open for ever', () => {
    const ring = parseKeyRing('renewal', ringText({ current: 'k1', k1: 'x'.repeat(64) }));

    expect(Buffer.from(ring.deriveKey('k1', 'renewal') ?? []).toString('hex')).toBe(
      'e01341285e0bf6460c7761a5288a6762d6b9aaa71f0d4e4ffa6310a95047da9f',
    );
  });

  it('has no key of an unknown id, nor of a name that every object has', () => {
    const ring = parseKeyRing('renewal', ringText({ current: 'k1', k1: key }));

    for (const keyId of ['k2', '', 'current', 'constructor', '__proto__', 'toString']) {
      expect(ring.deriveKey(keyId, 'renewal')).toBeUndefined();
    }
  });

  it('shows no character of a key when it is printed', () => {
    const ring = parseKeyRing('renewal', ringText({ current: 'k1', k1: key }));

    expect(inspect(ring, { depth: 9, showHidden: true })).not.toContain('CANARY');
    expect(JSON.stringify(ring)).not.toContain('CANARY');
  });

  it.each([
    ['text that is not JSON', `{ "current": "${key}`, ['must be a JSON object']],
    ['empty text', '', ['must be a JSON object']],
    ['a list', '[]', ['must be a JSON object']],
    ['null', 'null', ['must be a JSON object']],
    ['no current key', ringText({ k1: key }), ['current is missing']],
    ['a current key that is none', ringText({ current: key }), ['current must be the id of a key']],
    [
      'a current key that is no text',
      ringText({ current: 1, k1: key }),
      ['current must be the id of a key'],
    ],
    [
      'a current key of a name that every object has',
      ringText({ current: 'constructor', k1: key }),
      ['current must be the id of a key'],
    ],
    [
      'itself as the current key',
      ringText({ current: 'current', k1: key }),
      ['current must be the id of a key'],
    ],
    [
      'a short key',
      ringText({ current: 'k1', k1: 'CANARY' }),
      ['k1 must be 32 to 1024 visible ASCII characters'],
    ],
    [
      'a key with a line break',
      ringText({ current: 'k1', k1: `${key}\n` }),
      ['k1 must be 32 to 1024 visible ASCII characters'],
    ],
    [
      'a key that is no text, beside a good one',
      ringText({ current: 'k1', k1: key, k2: [key] }),
      ['k2 must be 32 to 1024 visible ASCII characters'],
    ],
    [
      'characters of a key in place of its id',
      ringText({ current: 'k1', k1: key, [key]: 'k2' }),
      ['has a member whose name is neither current nor a key id of 1 to 16 letters'],
    ],
  ])('refuses %s, naming the member and repeating no value', (_, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it('refuses or reads any text, and throws nothing else', () => {
    const members = fc.dictionary(
      fc.constantFrom('current', 'k1', 'k2', '__proto__', 'x y'),
      fc.oneof(fc.constantFrom('k1', 'k2', key), fc.jsonValue()),
    );
    const text = fc.oneof(fc.string(), fc.json(), members.map(ringText));

    fc.assert(
      fc.property(text, (secretText) => {
        if (problemsOf(secretText).length > 0) return true;
        const ring = parseKeyRing('renewal', secretText);
        return ring.deriveKey(ring.currentKeyId, 'renewal')?.length === 32;
      }),
    );
  });
});
