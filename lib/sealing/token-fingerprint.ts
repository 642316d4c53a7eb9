import { createHmac } from 'node:crypto';
import type { FingerprintToken } from '../broker/token-fitness.ts';
import { Fault } from '../fault.ts';
import { decodeHeader } from './compact-jwe.ts';
import type { ReadKeyRing } from './jwe-sealer.ts';

/** 128 bits: two tokens of one deployment do not meet, and a line stays short. */
const hexDigits = 32;

/**
 * Names tokens by HMAC-SHA-256 (RFC 2104), cut to 128 bits, under a key that is derived for this
 * alone from the key that the token is sealed with: `k1.9f86d081884c7d659a2feaa0c55ad015`.
 *
 * So one token has one name for as long as it is sealed with one key, whatever key is current and
 * whichever function names it.
 */
export function tokenFingerprints(readRing: ReadKeyRing): FingerprintToken {
  return async (sealed, accessToken) => {
    const { kid: keyId } = decodeHeader(sealed);
    const key =
      typeof keyId === 'string' && (await readRing('access-token')).deriveKey(keyId, 'fingerprint');
    if (!key) {
      throw new Fault('SEALED_VALUE_INVALID', { purpose: 'fingerprint', reason: 'unknown_key' });
    }
    const digest = createHmac('sha256', key).update(accessToken.reveal()).digest('hex');
    return `${keyId}.${digest.slice(0, hexDigits)}`;
  };
}
