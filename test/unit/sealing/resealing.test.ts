import { decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import type { SealPurpose } from '../../../lib/broker/ports.ts';
import { jweResealer, jweSealer, type ReadKeyRing } from '../../../lib/sealing/jwe-sealer.ts';
import { aKey } from '../../support/connections.ts';
import { aKeyRing } from '../../support/key-rings.ts';
import { reasonOf } from './reason-of.ts';

const binding = { ...aKey(), fence: 7, besideSha256: 'digest' };
const purposes: readonly SealPurpose[] = ['access_token', 'renewal', 'revocation'];
const ringsWith =
  (...keyIds: readonly string[]): ReadKeyRing =>
  async (name) =>
    aKeyRing(name, ...keyIds);
const sealedBy = (keyId: string, purpose: SealPurpose = 'renewal') =>
  jweSealer(ringsWith(keyId)).seal(purpose, binding, 'plaintext');

describe('jweResealer', () => {
  it.each(purposes)('seals %s again with another key, for the same binding', async (purpose) => {
    const sealed = await sealedBy('k1', purpose);

    const resealed = await jweResealer(ringsWith('k2', 'k1')).reseal(
      { purpose, binding, sealed },
      'k2',
    );

    expect(resealed?.oldKeyId).toBe('k1');
    const header = decodeProtectedHeader(resealed?.sealed ?? '');
    expect(header).toEqual({ ...decodeProtectedHeader(sealed), kid: 'k2' });
    const reader = jweSealer(ringsWith('k2'));
    expect(await reader.open(purpose, binding, resealed?.sealed ?? '')).toBe('plaintext');
  });

  it('leaves alone what that key has sealed already', async () => {
    const sealed = await sealedBy('k2');

    const resealer = jweResealer(ringsWith('k2', 'k1'));

    expect(await resealer.reseal({ purpose: 'renewal', binding, sealed }, 'k2')).toBeUndefined();
  });

  it.each([
    ['belongs elsewhere', { ...binding, fence: 8 }, 'moved'],
    [
      'stands beside something that was altered',
      { ...binding, besideSha256: 'x' },
      'beside_altered',
    ],
  ])('gives no new seal to a value that %s', async (_, other, reason) => {
    const sealed = await sealedBy('k1');
    const resealer = jweResealer(ringsWith('k2', 'k1'));

    const resealing = resealer.reseal({ purpose: 'renewal', binding: other, sealed }, 'k2');

    expect(await reasonOf(resealing)).toBe(reason);
  });

  it('gives no new seal to a value that was altered', async () => {
    const sealed = await sealedBy('k1');
    const parts = sealed.split('.');
    const other = (await sealedBy('k1')).split('.');
    const altered = [...parts.slice(0, 3), other[3], parts[4]].join('.');

    const resealing = jweResealer(ringsWith('k2', 'k1')).reseal(
      { purpose: 'renewal', binding, sealed: altered },
      'k2',
    );

    expect(await reasonOf(resealing)).toBe('altered');
  });

  it('reads the ring afresh for a key that was added since, and seals with none that is not there', async () => {
    const readRing: ReadKeyRing = async (name, options) =>
      aKeyRing(name, ...(options?.fresh ? ['k2', 'k1'] : ['k1']));
    const value = { purpose: 'renewal', binding, sealed: await sealedBy('k1') } as const;
    const resealer = jweResealer(readRing);

    expect((await resealer.reseal(value, 'k2'))?.oldKeyId).toBe('k1');
    expect(await reasonOf(resealer.reseal(value, 'k9'))).toBe('unknown_key');
  });
});
