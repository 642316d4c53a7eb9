import type { Sealer } from '../broker/ports.ts';
import { jweSealer } from '../sealing/jwe-sealer.ts';
import type { Settings } from '../settings.ts';
import { systemClock as clock } from '../time.ts';
import { secretsManagerClient } from './clients.ts';
import { secretsKeyRings } from './secrets-key-rings.ts';

/** Seals and opens with the key rings of a stage. */
export function seals({ STAGE: stage }: Settings<'STAGE'>): { readonly sealer: Sealer } {
  return { sealer: jweSealer(secretsKeyRings({ client: secretsManagerClient(), stage, clock })) };
}
