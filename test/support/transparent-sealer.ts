import { createHash } from 'node:crypto';
import type { SealBinding, Sealer, SealPurpose } from '../../lib/broker/ports.ts';
import type { FingerprintToken } from '../../lib/broker/token-fitness.ts';
import { Fault } from '../../lib/fault.ts';
import { keyText } from '../../lib/names.ts';

/**
 * A `Sealer` that hides nothing, for tests of what is done with sealed values: it holds them to
 * their binding, and takes no time.
 */
export function transparentSealer(): Sealer {
  return {
    seal: async (purpose, binding, plaintext) => sealedText(purpose, binding, plaintext),
    open: async (purpose, binding, sealed) => {
      const expected = label(purpose, binding);
      if (sealed.startsWith(expected)) return sealed.slice(expected.length);
      throw new Fault('SEALED_VALUE_INVALID', { purpose, reason: 'moved' });
    },
    ready: async () => undefined,
    prepareSeal: (purpose, binding) => (plaintext) => sealedText(purpose, binding, plaintext),
  };
}

/** The same text as the sealer makes, for rows that a test begins with. */
export function sealedText(purpose: SealPurpose, binding: SealBinding, plaintext: string): string {
  return `${label(purpose, binding)}${plaintext}`;
}

function label(purpose: SealPurpose, binding: SealBinding): string {
  return `sealed ${purpose} ${keyText(binding)} ${binding.fence}: `;
}

/** A name that a test can foretell. */
export const aFingerprint = (token: string): string =>
  `k1.${createHash('sha256').update(token).digest('hex').slice(0, 32)}`;

/** Names tokens without a key, for tests of what is done with names. */
export const keylessFingerprints: FingerprintToken = async (_sealed, accessToken) =>
  aFingerprint(accessToken.reveal());
