import type { SealBinding, Sealer, SealPurpose } from '../../lib/broker/ports.ts';
import { Fault } from '../../lib/fault.ts';
import { keyText } from '../../lib/names.ts';

/**
 * A `Sealer` that hides nothing, for tests of what is done with sealed values: it holds them to
 * their binding, and takes no time.
 */
export function transparentSealer(): Sealer {
  return {
    seal: async (purpose, binding, plaintext) => `${label(purpose, binding)}${plaintext}`,
    open: async (purpose, binding, sealed) => {
      const expected = label(purpose, binding);
      if (sealed.startsWith(expected)) return sealed.slice(expected.length);
      throw new Fault('SEALED_VALUE_INVALID', { purpose, reason: 'moved' });
    },
    ready: async () => undefined,
  };
}

/** The same text as the sealer makes, for rows that a test begins with. */
export function sealedText(purpose: SealPurpose, binding: SealBinding, plaintext: string): string {
  return `${label(purpose, binding)}${plaintext}`;
}

function label(purpose: SealPurpose, binding: SealBinding): string {
  return `sealed ${purpose} ${keyText(binding)} ${binding.fence}: `;
}
