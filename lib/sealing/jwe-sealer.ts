import type { KeyRingName, Resealer } from '../broker/key-ports.ts';
import type { SealBinding, Sealer, SealPurpose } from '../broker/ports.ts';
import { Fault } from '../fault.ts';
import {
  decodeHeader,
  decryptCompact,
  directA256Gcm,
  encryptCompact,
  prepareEncryption,
} from './compact-jwe.ts';
import { type KeyRing, ringOf } from './key-ring.ts';

/** Of the header that is written and read here. */
const version = 1;

/** Reads a key ring; `fresh` asks again whatever is remembered. */
export type ReadKeyRing = (
  ring: KeyRingName,
  options?: { readonly fresh?: boolean },
) => Promise<KeyRing>;

/**
 * Seals values as compact JWE. What a value is bound to stands in its protected header, which is
 * authenticated but not secret.
 */
export function jweSealer(readRing: ReadKeyRing): Sealer {
  /** The rings that `ready` has fetched. */
  const held = new Map<KeyRingName, KeyRing>();

  return {
    seal: async (purpose, binding, plaintext) => {
      const ring = held.get(ringOf[purpose]) ?? (await readRing(ringOf[purpose]));
      return prepareSeal(ring, purpose, binding)(plaintext);
    },

    prepareSeal: (purpose, binding) => {
      const ring = held.get(ringOf[purpose]);
      if (!ring) throw invalid(purpose, 'unknown_key');
      return prepareSeal(ring, purpose, binding);
    },

    open: async (purpose, binding, sealed) => {
      const keyId = parseKeyId(purpose, binding, sealed);
      const name = ringOf[purpose];
      let key = (await readRing(name)).deriveKey(keyId, purpose);
      if (!key) {
        // The ring may have got this key since it was read.
        const ring = await readRing(name, { fresh: true });
        if (held.has(name)) held.set(name, ring);
        key = ring.deriveKey(keyId, purpose);
      }
      if (!key) throw invalid(purpose, 'unknown_key');
      return decrypt(purpose, sealed, key);
    },

    ready: async (purpose) => {
      held.set(ringOf[purpose], await readRing(ringOf[purpose]));
    },
  };
}

function prepareSeal(
  ring: KeyRing,
  purpose: SealPurpose,
  binding: SealBinding,
): (plaintext: string) => string {
  const keyId = ring.currentKeyId;
  const key = ring.deriveKey(keyId, purpose);
  if (!key) throw invalid(purpose, 'unknown_key');
  return prepareEncryption(buildHeader(purpose, binding, keyId), key);
}

/** Opens what one key of a ring has sealed and seals it with another, for the same binding. */
export function jweResealer(readRing: ReadKeyRing): Resealer {
  const sealer = jweSealer(readRing);
  return {
    reseal: async ({ purpose, binding, sealed }, keyId) => {
      const oldKeyId = parseKeyId(purpose, binding, sealed);
      if (oldKeyId === keyId) return undefined;
      const name = ringOf[purpose];
      const known = (await readRing(name)).deriveKey(keyId, purpose);
      const key = known ?? (await readRing(name, { fresh: true })).deriveKey(keyId, purpose);
      if (!key) throw invalid(purpose, 'unknown_key');
      const plaintext = await sealer.open(purpose, binding, sealed);
      return {
        oldKeyId,
        sealed: encryptCompact(buildHeader(purpose, binding, keyId), plaintext, key),
      };
    },
  };
}

/**
 * Reads which key is to open a value that says it is bound as `binding`.
 *
 * @throws {Fault} `SEALED_VALUE_INVALID` when it is bound otherwise, or is no sealed value.
 */
function parseKeyId(purpose: SealPurpose, binding: SealBinding, sealed: string): string {
  const header = parseHeader(purpose, sealed);
  const { kid: keyId } = header;
  if (typeof keyId !== 'string') throw invalid(purpose, 'malformed');
  if (header.version !== version) throw invalid(purpose, 'unknown_version');
  const { beside_sha256: besideSha256 } = header;
  const ownRow = buildHeader(purpose, { ...binding, besideSha256 }, keyId);
  if (!isBoundTo(header, ownRow)) throw invalid(purpose, 'moved');
  // The value is where it belongs, and what stands beside it is not what it was sealed with.
  if (besideSha256 !== binding.besideSha256) throw invalid(purpose, 'beside_altered');
  return keyId;
}

function buildHeader(
  purpose: SealPurpose,
  { client, connection, fence, besideSha256 }: Bound,
  keyId: string,
) {
  const named = { ...directA256Gcm, kid: keyId, version, purpose, client, connection };
  return { ...named, fence, ...(besideSha256 !== undefined && { beside_sha256: besideSha256 }) };
}

/** A binding as a header may claim it. */
type Bound = Omit<SealBinding, 'besideSha256'> & { readonly besideSha256?: unknown };

type Header = ReturnType<typeof decodeHeader>;

function isBoundTo(header: Header, expected: Header): boolean {
  return (
    Object.keys(header).length === Object.keys(expected).length &&
    Object.entries(expected).every(([name, value]) => header[name] === value)
  );
}

/**
 * Reads the protected header, not believed until the value has opened.
 *
 * Base64url has several texts for some values: the last character of a part may carry bits that a
 * decoder drops. Only the one that we write is taken, so that no changed character goes unseen.
 */
function parseHeader(purpose: SealPurpose, sealed: string): Header {
  const isCanonical = (part: string) =>
    Buffer.from(part, 'base64url').toString('base64url') === part;
  if (!sealed.split('.').every(isCanonical)) throw invalid(purpose, 'malformed');
  try {
    return decodeHeader(sealed);
  } catch {
    throw invalid(purpose, 'malformed');
  }
}

function decrypt(purpose: SealPurpose, sealed: string, key: Uint8Array): string {
  try {
    return decryptCompact(sealed, key);
  } catch {
    throw invalid(purpose, 'altered');
  }
}

type Reason =
  | 'malformed'
  | 'unknown_version'
  | 'moved'
  | 'beside_altered'
  | 'unknown_key'
  | 'altered';

function invalid(purpose: SealPurpose, reason: Reason) {
  return new Fault('SEALED_VALUE_INVALID', { purpose, reason });
}
