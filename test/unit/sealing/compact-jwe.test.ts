import { createCipheriv, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { describe, expect, it } from 'vitest';
import { decryptCompact, direct, encryptCompact } from '../../../lib/sealing/compact-jwe.ts';

const key = new Uint8Array(randomBytes(32));
const header = { ...direct, kid: 'k1', purpose: 'access_token', fence: 7 };
const wellFormed = fc.string({ unit: 'binary', maxLength: 300 });

describe('a compact JWE with direct encryption (RFC 7516, RFC 7518 §4.5)', () => {
  it('of ours is opened by another implementation, its header unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(wellFormed, async (text) => {
        const opened = await compactDecrypt(encryptCompact(header, text, key), key);

        expect(Buffer.from(opened.plaintext)).toEqual(Buffer.from(text));
        expect(opened.protectedHeader).toEqual(header);
      }),
    );
  });

  it('of another implementation is opened here', async () => {
    await fc.assert(
      fc.asyncProperty(wellFormed, async (text) => {
        const jwe = await new CompactEncrypt(new TextEncoder().encode(text))
          .setProtectedHeader(header)
          .encrypt(key);

        expect(decryptCompact(jwe, key)).toBe(text);
      }),
    );
  });

  it('is not opened when a bit of any part has changed, or with another key', () => {
    const parts = encryptCompact(header, 'plaintext', key).split('.');
    const altered = [0, 2, 3, 4].map((index) =>
      parts.map((part, place) => (place === index ? flipBit(part) : part)).join('.'),
    );

    for (const jwe of altered) expect(() => decryptCompact(jwe, key)).toThrow();
    expect(() => decryptCompact(parts.join('.'), new Uint8Array(32))).toThrow();
  });

  it('is not opened with a tag that was cut, which would be easier to guess (RFC 7518 §5.3)', () => {
    const [head, none, iv, text, tag = ''] = encryptCompact(header, 'plaintext', key).split('.');

    for (const bytes of [4, 8, 12, 15]) {
      const cut = Buffer.from(tag, 'base64url').subarray(0, bytes).toString('base64url');
      expect(() => decryptCompact([head, none, iv, text, cut].join('.'), key)).toThrow();
    }
  });

  it('is not opened with an initialization vector of another length (RFC 7518 §5.3)', () => {
    expect(decryptCompact(encryptWith({ ivBytes: 12 }), key)).toBe('plaintext');
    expect(() => decryptCompact(encryptWith({ ivBytes: 16 }), key)).toThrow();
  });

  it('is not opened when it names another algorithm, whatever its bytes are', () => {
    expect(() => decryptCompact(encryptWith({ head: { alg: 'A256KW' } }), key)).toThrow();
    expect(() => decryptCompact(encryptWith({ head: { enc: 'A128GCM' } }), key)).toThrow();
    expect(() => decryptCompact(encryptWith({ head: { alg: undefined } }), key)).toThrow();
  });

  it('has five parts, and no encrypted key', () => {
    const [head, , ...rest] = encryptCompact(header, 'plaintext', key).split('.');

    expect(() => decryptCompact([head, 'a2V5', ...rest].join('.'), key)).toThrow();
    expect(() => decryptCompact([head, '', ...rest, ''].join('.'), key)).toThrow();
    expect(() => decryptCompact([head, '', ...rest.slice(0, -1)].join('.'), key)).toThrow();
    expect(() => decryptCompact('', key)).toThrow();
  });

  it('holds text: other bytes are refused', () => {
    expect(() => decryptCompact(encryptWith({ plaintext: Buffer.from([0xff]) }), key)).toThrow();
  });
});

/** What `encryptCompact` would never write. */
function encryptWith(given: {
  readonly ivBytes?: number;
  readonly head?: object;
  readonly plaintext?: Buffer;
}): string {
  const { ivBytes = 12, head = {}, plaintext = Buffer.from('plaintext') } = given;
  const encoded = Buffer.from(JSON.stringify({ ...header, ...head })).toString('base64url');
  const iv = randomBytes(ivBytes);
  const gcm = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(encoded));
  const text = Buffer.concat([gcm.update(plaintext), gcm.final()]);
  const parts = [iv, text, gcm.getAuthTag()].map((part) => part.toString('base64url'));
  return [encoded, '', ...parts].join('.');
}

function flipBit(part: string): string {
  const bytes = Buffer.from(part, 'base64url');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString('base64url');
}
