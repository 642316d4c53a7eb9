import type { CurrentKey, KeyRingName } from '../broker/key-ports.ts';
import type { Sealer } from '../broker/ports.ts';
import type { FingerprintToken } from '../broker/token-fitness.ts';
import { jweSealer } from '../sealing/jwe-sealer.ts';
import { tokenFingerprints } from '../sealing/token-fingerprint.ts';
import type { Settings } from '../settings.ts';
import { systemClock as clock } from '../time.ts';
import { secretsManagerClient } from './clients.ts';
import { secretsKeyRings } from './secrets-key-rings.ts';

/** Seals and opens with the key rings of a stage, names tokens by them, and tells of their keys. */
export function seals({ STAGE: stage }: Settings<'STAGE'>): {
  readonly sealer: Sealer;
  readonly fingerprint: FingerprintToken;
  readonly readCurrentKey: (ring: KeyRingName) => Promise<CurrentKey>;
} {
  const readRing = secretsKeyRings({ client: secretsManagerClient(), stage, clock });
  return {
    sealer: jweSealer(readRing),
    fingerprint: tokenFingerprints(readRing),
    readCurrentKey: async (ring) => {
      const { currentKeyId: keyId, writtenAt } = await readRing(ring);
      return { keyId, ...(writtenAt !== undefined && { writtenAt }) };
    },
  };
}
