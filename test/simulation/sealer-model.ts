import type { SealBinding, Sealer, SealPurpose } from '../../lib/broker/ports.ts';
import { Fault } from '../../lib/fault.ts';
import { keyText } from '../../lib/names.ts';

/** A sealer that binds exactly, and lets the observer look into what is sealed. */
export interface SealerModel extends Sealer {
  /** What is sealed, whatever it is bound to. */
  readonly peek: (sealed: string) => string | undefined;
}

/** @param isKeyMissing - whether the ring lacks the key at the moment. */
export function sealerModel(isKeyMissing: () => boolean): SealerModel {
  const contents = new Map<string, string>();
  const bound = (purpose: SealPurpose, binding: SealBinding) =>
    `sealed ${purpose} ${keyText(binding)} ${binding.fence} ${binding.besideSha256 ?? ''}`;
  const seal = (purpose: SealPurpose, binding: SealBinding, plaintext: string) => {
    const sealed = `${bound(purpose, binding)} #${contents.size}`;
    contents.set(sealed, plaintext);
    return sealed;
  };
  return {
    peek: (sealed) => contents.get(sealed),
    // Neither needs a ring: `ready` has fetched it.
    seal: async (...sealing) => seal(...sealing),
    prepareSeal: (purpose, binding) => (plaintext) => seal(purpose, binding, plaintext),
    open: async (purpose, binding, sealed) => {
      if (isKeyMissing())
        throw new Fault('SEALED_VALUE_INVALID', { purpose, reason: 'unknown_key' });
      const content = contents.get(sealed);
      if (content === undefined || !sealed.startsWith(`${bound(purpose, binding)} #`)) {
        throw new Fault('SEALED_VALUE_INVALID', { purpose, reason: 'moved' });
      }
      return content;
    },
    ready: async (purpose) => {
      if (isKeyMissing()) throw new Fault('KEY_RING_INVALID', { purpose, problems: ['missing'] });
    },
  };
}
