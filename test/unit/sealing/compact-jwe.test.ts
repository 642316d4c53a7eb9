import * as fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  decodeHeader,
  decryptCompact,
  directA256Gcm,
  encryptCompact,
} from '../../../lib/sealing/compact-jwe.ts';

const key = new Uint8Array(32).fill(7);
const header = { ...directA256Gcm, kid: 'k1', client: 'Zoë’s', fence: 1 };
const wellFormed = fc.string({ unit: 'binary', maxLength: 300 });

const sealedByJose = (plaintext: string | Uint8Array, enc = 'A256GCM', length = 32) =>
  new CompactEncrypt(Buffer.from(plaintext))
    .setProtectedHeader({ ...header, enc })
    .encrypt(key.slice(0, length));

describe('compact JWE', () => {
  it('is opened by another implementation, header and text', async () => {
    await fc.assert(
      fc.asyncProperty(wellFormed, async (plaintext) => {
        const sealed = encryptCompact(header, plaintext, key);
        const opened = await compactDecrypt(sealed, key);
        expect(Buffer.from(opened.plaintext).toString()).toBe(plaintext);
        expect(opened.protectedHeader).toEqual(header);
      }),
    );
  });

  it('opens what another implementation has written', async () => {
    await fc.assert(
      fc.asyncProperty(wellFormed, async (plaintext) => {
        const sealed = await sealedByJose(plaintext);
        expect(decryptCompact(sealed, key)).toBe(plaintext);
        expect(decodeHeader(sealed)).toEqual(header);
      }),
    );
  });

  it('keeps a byte order mark', () => {
    expect(decryptCompact(encryptCompact(header, '\uFEFFtext', key), key)).toBe('\uFEFFtext');
  });

  it('does not open with another key', () => {
    const sealed = encryptCompact(header, 'text', key);

    expect(() => decryptCompact(sealed, new Uint8Array(32).fill(8))).toThrow();
  });

  it.each([
    ['a shorter tag', (parts: string[]) => parts.with(4, parts[4]?.slice(0, 16) ?? '')],
    ['no tag', (parts: string[]) => parts.with(4, '')],
    ['another initialization vector', (parts: string[]) => parts.with(2, 'AAAAAAAAAAAAAAAA')],
    ['a longer initialization vector', (parts: string[]) => parts.with(2, `${parts[2]}AAAA`)],
    ['no initialization vector', (parts: string[]) => parts.with(2, '')],
    ['an encrypted key', (parts: string[]) => parts.with(1, 'AAAA')],
    ['no encrypted key’s place', (parts: string[]) => parts.toSpliced(1, 1)],
    ['a part more', (parts: string[]) => [...parts, 'AAAA']],
    ['a part less', (parts: string[]) => parts.slice(0, 4)],
    ['another header', (parts: string[]) => parts.with(0, `${parts[0]}AA`)],
    ['another text', (parts: string[]) => parts.with(3, 'AAAAAA')],
  ])('does not open with %s', (_, change) => {
    const sealed = encryptCompact(header, 'text', key);

    expect(() => decryptCompact(change(sealed.split('.')).join('.'), key)).toThrow();
  });

  it('does not open text that is no UTF-8', async () => {
    const sealed = await sealedByJose(Uint8Array.of(0xff, 0xfe));

    expect(() => decryptCompact(sealed, key)).toThrow(/utf-8/);
  });

  it('does not open another encryption', async () => {
    const sealed = await sealedByJose('text', 'A128GCM', 16);

    expect(() => decryptCompact(sealed, key)).toThrow();
  });

  it.each([['no JSON'], ['[]'], ['null'], ['7']])('finds no header in %s', (text) => {
    const sealed = `${Buffer.from(text).toString('base64url')}....`;

    expect(() => decodeHeader(sealed)).toThrow();
  });
});
