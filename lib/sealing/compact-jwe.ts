/**
 * Compact JWE with direct encryption by AES-256-GCM, at once and in this thread: what is sealed between
 * a provider's answer and its write waits for no other thread.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7516#section-7.1 | RFC 7516 §7.1},
 *   {@link https://www.rfc-editor.org/rfc/rfc7518#section-4.5 | RFC 7518 §4.5 and §5.3}
 *
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const cipherName = 'aes-256-gcm';
/** RFC 7518 §5.3. */
const initializationVectorBytes = 12;
const tagBytes = 16;

/** What a protected header must say of how it is encrypted. */
export const directA256Gcm = { alg: 'dir', enc: 'A256GCM' } as const;

type Header = typeof directA256Gcm & Readonly<Record<string, unknown>>;

/** @param key - 32 bytes. */
export function encryptCompact(header: Header, plaintext: string, key: Uint8Array): string {
  return prepareEncryption(header, key)(plaintext);
}

/**
 * Does everything of an encryption but the text's own part.
 *
 * @param key - 32 bytes.
 * @returns what encrypts one text; a second one would need another initialization vector, and is an
 *   error.
 */
export function prepareEncryption(header: Header, key: Uint8Array): (plaintext: string) => string {
  const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
  const initializationVector = randomBytes(initializationVectorBytes);
  const cipher = createCipheriv(cipherName, key, initializationVector);
  cipher.setAAD(Buffer.from(protectedHeader, 'ascii'));
  // The second part is the encrypted key, which direct encryption has none of.
  const begun = `${protectedHeader}..${initializationVector.toString('base64url')}`;
  return (plaintext) => {
    const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    const tag = cipher.getAuthTag();
    return `${begun}.${ciphertext.toString('base64url')}.${tag.toString('base64url')}`;
  };
}

/**
 * Opens what {@link encryptCompact} has written under a header that the caller has checked.
 *
 * @throws {Error} when the key is another, anything was changed, or the text is no UTF-8.
 */
export function decryptCompact(sealed: string, key: Uint8Array): string {
  const [protectedHeader = '', encryptedKey, ...encoded] = sealed.split('.');
  const [initializationVector, ciphertext, tag, ...more] = encoded.map((part) =>
    Buffer.from(part, 'base64url'),
  );
  if (encryptedKey !== '' || !initializationVector || !ciphertext || !tag || more.length > 0) {
    throw new Error('no compact JWE with direct encryption');
  }
  if (initializationVector.length !== initializationVectorBytes) throw new Error('no A256GCM');
  const decipher = createDecipheriv(cipherName, key, initializationVector, {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(protectedHeader, 'ascii'));
  decipher.setAuthTag(tag);
  const plaintext = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  // A byte order mark is part of the value like any other character.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext);
}

/**
 * The protected header, which is not to be believed until the value has opened.
 *
 * @throws {Error} when it is no JSON object.
 */
export function decodeHeader(sealed: string): Readonly<Record<string, unknown>> {
  const [protectedHeader = ''] = sealed.split('.', 1);
  const header: unknown = JSON.parse(Buffer.from(protectedHeader, 'base64url').toString());
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new Error('no header');
  }
  return header as Readonly<Record<string, unknown>>;
}
