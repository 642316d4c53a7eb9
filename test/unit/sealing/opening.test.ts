import * as fc from 'fast-check';
import { decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import type { SealPurpose } from '../../../lib/broker/ports.ts';
import { jweSealer } from '../../../lib/sealing/jwe-sealer.ts';
import { aKey } from '../../support/connections.ts';
import { aKeyRing, testSealer } from '../../support/key-rings.ts';
import { reasonOf } from './reason-of.ts';

const purposes: readonly SealPurpose[] = ['access_token', 'renewal', 'revocation'];
const binding = { ...aKey(), fence: 7 };
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('jweSealer, opening', () => {
  it('opens nothing of which one character was changed', async () => {
    const sealer = testSealer();
    const sealed = await sealer.seal('renewal', binding, 'plaintext');

    for (const [index, character] of [...sealed].entries()) {
      const others = [...alphabet, '.', '=', ' '].filter((other) => other !== character);
      // Every other character where a part ends: there a decoder may drop bits.
      const isAtEnd = sealed[index + 1] === '.' || index === sealed.length - 1;
      const tried = isAtEnd ? others : [others[index % others.length] ?? '.'];
      for (const other of tried) {
        const changed = `${sealed.slice(0, index)}${other}${sealed.slice(index + 1)}`;
        expect(await reasonOf(sealer.open('renewal', binding, changed))).toMatch(
          /^(malformed|unknown_version|moved|altered|unknown_key)$/,
        );
      }
    }
  });

  it('opens nothing that was cut or lengthened', async () => {
    const sealer = testSealer();
    const sealed = await sealer.seal('renewal', binding, 'plaintext');

    for (let length = 0; length < sealed.length; length += 1) {
      await reasonOf(sealer.open('renewal', binding, sealed.slice(0, length)));
    }
    for (const more of ['A', '.', '.A', '\n', '=']) {
      await reasonOf(sealer.open('renewal', binding, `${sealed}${more}`));
    }
  });

  it.each([
    ['another connection', { ...binding, ...aKey('bob') }],
    ['another client', { ...binding, ...aKey('ann', 'acme-2') }],
    ['a later fence', { ...binding, fence: 8 }],
    ['an earlier fence', { ...binding, fence: 6 }],
  ])('does not open a value moved to %s', async (_, other) => {
    const sealer = testSealer();
    const sealed = await sealer.seal('renewal', binding, 'plaintext');

    expect(await reasonOf(sealer.open('renewal', other, sealed))).toBe('moved');
  });

  it.each(purposes)('opens a value sealed as %s for no other purpose', async (purpose) => {
    const sealer = testSealer();
    const sealed = await sealer.seal(purpose, binding, 'plaintext');

    for (const other of purposes.filter((candidate) => candidate !== purpose)) {
      expect(await reasonOf(sealer.open(other, binding, sealed))).toBe('moved');
    }
  });

  it('does not open a value under the header of another', async () => {
    const sealer = testSealer();
    const mine = await sealer.seal('renewal', binding, 'mine');
    const theirs = await sealer.seal('renewal', { ...binding, ...aKey('bob') }, 'theirs');
    const [header] = mine.split('.');

    const forged = [header, ...theirs.split('.').slice(1)].join('.');

    expect(await reasonOf(sealer.open('renewal', binding, forged))).toBe('altered');
  });

  it('does not open a value whose key id was changed to another of the ring', async () => {
    const sealer = jweSealer(async (name) => aKeyRing(name, 'k1', 'k2'));
    const sealed = await sealer.seal('renewal', binding, 'plaintext');
    const header = { ...decodeProtectedHeader(sealed), kid: 'k2' };
    const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');

    const forged = [encoded, ...sealed.split('.').slice(1)].join('.');

    expect(await reasonOf(sealer.open('renewal', binding, forged))).toBe('altered');
  });

  it.each([
    ['another algorithm', { alg: 'A256KW' }],
    ['another encryption', { enc: 'A128GCM' }],
    ['a member more', { zip: 'DEF' }],
    ['a fence that is text', { fence: '7' }],
    ['no key id', { kid: undefined }],
    ['a digest of what stands beside it', { beside_sha256: 'AAAA' }],
    ['no digest where it claims one', { beside_sha256: null }],
    ['another version', { version: 2 }],
    ['no version', { version: undefined }],
  ])('does not open a value whose header has %s', async (_, change) => {
    const sealer = testSealer();
    const sealed = await sealer.seal('renewal', binding, 'plaintext');
    const header = { ...decodeProtectedHeader(sealed), ...change };
    const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');

    const forged = [encoded, ...sealed.split('.').slice(1)].join('.');

    expect(await reasonOf(sealer.open('renewal', binding, forged))).toMatch(
      /^(moved|malformed|beside_altered|unknown_version)$/,
    );
  });

  it('refuses any text as it refuses a false value, and throws nothing else', async () => {
    const sealer = testSealer();
    const part = fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 40 });
    const dotted = fc.array(part, { maxLength: 6 }).map((parts) => parts.join('.'));

    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), dotted), async (text) => {
        expect(await reasonOf(sealer.open('renewal', binding, text))).toBe('malformed');
      }),
    );
  });

  it('repeats nothing of a value that does not open', async () => {
    const fault = await testSealer()
      .open('renewal', binding, 'CANARY.CANARY')
      .catch((error: unknown) => error);

    expect(JSON.stringify(fault)).not.toContain('CANARY');
    expect(fault).not.toHaveProperty('cause');
  });
});
