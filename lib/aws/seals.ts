import type { Sealer } from '../broker/ports.ts';
import type { FingerprintToken } from '../broker/token-fitness.ts';
import { jweSealer } from '../sealing/jwe-sealer.ts';
import { tokenFingerprints } from '../sealing/token-fingerprint.ts';
import type { Settings } from '../settings.ts';
import { systemClock as clock } from '../time.ts';
import { secretsManagerClient } from './clients.ts';
import { secretsKeyRings } from './secrets-key-rings.ts';

/** Seals and opens with the key rings of a stage, and names tokens by them. */
export function seals({ STAGE: stage }: Settings<'STAGE'>): {
  readonly sealer: Sealer;
  readonly fingerprint: FingerprintToken;
} {
  const readRing = secretsKeyRings({ client: secretsManagerClient(), stage, clock });
  return { sealer: jweSealer(readRing), fingerprint: tokenFingerprints(readRing) };
}
