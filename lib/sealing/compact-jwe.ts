import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** The protected header of a sealed value: authenticated, and readable by whoever has the value. */
export type JweHeader = Readonly<Record<string, unknown>>;

const cipher = 'aes-256-gcm';
/** RFC 7518 §5.3: an initialization vector of 96 bits and a tag of 128, always. */
const ivBytes = 12;
const tagBytes = 16;
/** Direct encryption, and with what (RFC 7518 §4.5, §5.3). */
export const direct = { alg: 'dir', enc: 'A256GCM' } as const;

/**
 * Encrypts text as a compact JWE, directly with the key: `dir`, A256GCM. Each has a random
 * initialization vector of its own.
 *
 * @param header - all of it is authenticated, and none of it is secret.
 * @param key - 256 bits.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7516#section-5.1 | RFC 7516 §5.1},
 *   {@link https://www.rfc-editor.org/rfc/rfc7518#section-4.5 | RFC 7518 §4.5}
 */
export function encryptCompact(
  header: JweHeader & typeof direct,
  plaintext: string,
  key: Uint8Array,
): string {
  const protectedPart = encode(JSON.stringify(header));
  const iv = randomBytes(ivBytes);
  const gcm = createCipheriv(cipher, key, iv, { authTagLength: tagBytes });
  gcm.setAAD(Buffer.from(protectedPart, 'ascii'));
  const ciphertext = Buffer.concat([gcm.update(plaintext, 'utf8'), gcm.final()]);
  return [protectedPart, '', encode(iv), encode(ciphertext), encode(gcm.getAuthTag())].join('.');
}

/**
 * Decrypts such a JWE.
 *
 * @param jwe - untrusted.
 * @returns exactly what was encrypted.
 * @throws {Error} when it is none, is encrypted in another way or with another key, or was altered.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7516#section-5.2 | RFC 7516 §5.2}
 */
export function decryptCompact(jwe: string, key: Uint8Array): string {
  const { alg, enc } = readProtectedHeader(jwe);
  const [protectedPart = '', encryptedKey, iv = '', ciphertext = '', tag = '', ...rest] =
    jwe.split('.');
  if (alg !== direct.alg || enc !== direct.enc) throw new Error('another algorithm');
  if (encryptedKey !== '' || rest.length > 0)
    throw new Error('not a compact JWE with a direct key');
  const ivRead = decode(iv);
  if (ivRead.length !== ivBytes) throw new Error('another initialization vector');
  const gcm = createDecipheriv(cipher, key, ivRead, { authTagLength: tagBytes });
  gcm.setAAD(Buffer.from(protectedPart, 'ascii'));
  gcm.setAuthTag(decode(tag));
  // Nothing of it is used before `final` has found it unaltered.
  const plaintext = Buffer.concat([gcm.update(decode(ciphertext)), gcm.final()]);
  // A byte order mark is part of the value like any other character.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext);
}

/**
 * Reads the protected header, which is not to be believed until the value has been decrypted.
 *
 * @throws {Error} when there is none.
 */
export function readProtectedHeader(jwe: string): JweHeader {
  const [protectedPart = ''] = jwe.split('.');
  const header: unknown = JSON.parse(decode(protectedPart).toString('utf8'));
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new Error('the header is no object');
  }
  return { ...header };
}

const encode = (value: string | Buffer) => Buffer.from(value).toString('base64url');
const decode = (part: string) => Buffer.from(part, 'base64url');
