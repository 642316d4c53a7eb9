import type { KeyRingName } from '../broker/key-ports.ts';
import { Fault } from '../fault.ts';
import { type KeyRing, parseKeyRing } from '../sealing/key-ring.ts';
import { type EpochSeconds, seconds } from '../time.ts';
import { type RememberedRead, rememberedReads } from './remembered-reads.ts';
import { readSecretValue } from './secret-value.ts';
import type { StageSecrets } from './secrets-client-registry.ts';

/** A ring, and when the version that was read was written. */
export interface DatedKeyRing extends KeyRing {
  readonly writtenAt: EpochSeconds | undefined;
}

/**
 * The key rings in Secrets Manager, under `evergrant/{stage}/keys/{ring}`. Each is remembered for
 * five minutes.
 */
export function secretsKeyRings({
  client,
  stage,
  clock,
}: StageSecrets): RememberedRead<KeyRingName, DatedKeyRing> {
  const readRing = async (ring: KeyRingName): Promise<DatedKeyRing> => {
    const secret = await readSecretValue(client, `evergrant/${stage}/keys/${ring}`);
    if (!secret) {
      throw new Fault('KEY_RING_INVALID', { purpose: ring, problems: ['there is no such secret'] });
    }
    return { ...parseKeyRing(ring, secret.text), writtenAt: secret.writtenAt };
  };
  return rememberedReads(readRing, { clock, age: seconds(300) });
}
