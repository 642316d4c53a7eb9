import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { jweSealer } from '../../../lib/sealing/jwe-sealer.ts';
import type { KeyRing } from '../../../lib/sealing/key-ring.ts';
import { tokenFingerprints } from '../../../lib/sealing/token-fingerprint.ts';
import { Secret } from '../../../lib/secret.ts';
import { aKey } from '../../support/connections.ts';
import { aKeyRing } from '../../support/key-rings.ts';

const binding = { ...aKey(), fence: 1 };

/** A token sealed with the current key of one ring, and named with another ring or the same. */
async function nameOf(
  token: string,
  { sealedWith, namedWith = sealedWith }: { sealedWith: KeyRing; namedWith?: KeyRing },
) {
  const sealed = await jweSealer(async () => sealedWith).seal('access_token', binding, token);
  return tokenFingerprints(async () => namedWith)(sealed, new Secret('access_token', token));
}
const k1 = aKeyRing('access-token', 'k1');
const k2 = aKeyRing('access-token', 'k2', 'k1');

describe('a fingerprint', () => {
  it('is the key id and 128 bits', async () => {
    expect(await nameOf('access-1', { sealedWith: k1 })).toMatch(/^k1\.[0-9a-f]{32}$/);
  });

  it('is the same for one token each time, and another for another', async () => {
    const first = await nameOf('access-1', { sealedWith: k1 });

    expect(await nameOf('access-1', { sealedWith: k1 })).toBe(first);
    expect(await nameOf('access-2', { sealedWith: k1 })).not.toBe(first);
  });

  it('stays when another key becomes current, for as long as the token is sealed as it was', async () => {
    const before = await nameOf('access-1', { sealedWith: k1 });

    expect(await nameOf('access-1', { sealedWith: k1, namedWith: k2 })).toBe(before);
  });

  it('of a token that is sealed with another key says so', async () => {
    expect(await nameOf('access-1', { sealedWith: k2 })).toMatch(/^k2\./);
  });

  it('cannot be made without the ring: it is no plain hash, and another ring gives another', async () => {
    const [, digits = ''] = (await nameOf('access-1', { sealedWith: k1 })).split('.');
    const plain = createHash('sha256').update('access-1').digest('hex');
    const others = await nameOf('access-1', { sealedWith: aKeyRing('renewal', 'k1') });

    expect(plain).not.toContain(digits);
    expect(others).not.toContain(digits);
  });

  it('is not made with the key that seals', async () => {
    const sealing = k1.deriveKey('k1', 'access_token');
    const naming = k1.deriveKey('k1', 'fingerprint');

    expect(naming).toHaveLength(32);
    expect(naming).not.toEqual(sealing);
    expect(naming).not.toEqual(k1.deriveKey('k1', 'renewal'));
    expect(naming).not.toEqual(k1.deriveKey('k1', 'revocation'));
  });

  it('fails like opening where the ring has lost the key', async () => {
    const naming = nameOf('access-1', {
      sealedWith: k1,
      namedWith: aKeyRing('access-token', 'k2'),
    });

    await expect(naming).rejects.toMatchObject({ code: 'SEALED_VALUE_INVALID' });
  });
});
