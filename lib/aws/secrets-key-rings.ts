import type { KeyRingName } from '../broker/key-ports.ts';
import { Fault } from '../fault.ts';
import type { ReadKeyRing } from '../sealing/jwe-sealer.ts';
import { type KeyRing, parseKeyRing } from '../sealing/key-ring.ts';
import { seconds } from '../time.ts';
import { rememberedReads } from './remembered-reads.ts';
import { readSecretValue } from './secret-value.ts';
import type { StageSecrets } from './secrets-client-registry.ts';

/**
 * The key rings in Secrets Manager, under `evergrant/{stage}/keys/{ring}`. Each is remembered for
 * five minutes.
 */
export function secretsKeyRings({ client, stage, clock }: StageSecrets): ReadKeyRing {
  const readRing = async (ring: KeyRingName): Promise<KeyRing> => {
    const secret = await readSecretValue(client, `evergrant/${stage}/keys/${ring}`);
    if (!secret) {
      throw new Fault('KEY_RING_INVALID', { purpose: ring, problems: ['there is no such secret'] });
    }
    return parseKeyRing(ring, secret.text);
  };
  return rememberedReads(readRing, { clock, age: seconds(300) });
}
