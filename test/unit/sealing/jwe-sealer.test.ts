import * as fc from 'fast-check';
import { decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import type { SealPurpose } from '../../../lib/broker/ports.ts';
import { Fault } from '../../../lib/fault.ts';
import { jweSealer } from '../../../lib/sealing/jwe-sealer.ts';
import type { KeyRing } from '../../../lib/sealing/key-ring.ts';
import { aKey } from '../../support/connections.ts';
import { aKeyRing, testSealer } from '../../support/key-rings.ts';

const purposes: readonly SealPurpose[] = ['access_token', 'renewal', 'revocation'];
const binding = { ...aKey(), fence: 7 };
const wellFormed = fc.string({ unit: 'binary', maxLength: 300 });

describe('jweSealer, sealing', () => {
  it.each(purposes)('opens any text that it has sealed as %s', async (purpose) => {
    const sealer = testSealer();

    await fc.assert(
      fc.asyncProperty(wellFormed, async (plaintext) => {
        const sealed = await sealer.seal(purpose, binding, plaintext);
        return (await sealer.open(purpose, binding, sealed)) === plaintext;
      }),
    );
  });

  it('writes a compact JWE whose header names key, purpose, client, connection and fence', async () => {
    const sealed = await testSealer().seal('renewal', binding, 'plaintext');

    expect(sealed.split('.')).toHaveLength(5);
    expect(decodeProtectedHeader(sealed)).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: 'k1',
      version: 1,
      purpose: 'renewal',
      client: 'acme',
      connection: 'ann',
      fence: 7,
    });
  });

  it('never writes the same twice: each value has an initialization vector of its own', async () => {
    const sealer = testSealer();

    const sealed = await Promise.all(
      Array.from({ length: 50 }, () => sealer.seal('renewal', binding, 'plaintext')),
    );

    expect(new Set(sealed.map((value) => value.split('.')[2])).size).toBe(50);
  });

  it('seals what ready has prepared, whatever becomes of the source of keys', async () => {
    let isUp = true;
    const down = new Fault('STORE_UNAVAILABLE', { store: 'secrets', operation: 'read' });
    const sealer = jweSealer(async (name): Promise<KeyRing> => {
      if (!isUp) throw down;
      return aKeyRing(name, 'k1');
    });
    await sealer.ready('renewal');
    isUp = false;

    const sealed = await sealer.seal('renewal', binding, 'plaintext');

    isUp = true;
    expect(await sealer.open('renewal', binding, sealed)).toBe('plaintext');
    isUp = false;
    await expect(sealer.seal('access_token', binding, 'plaintext')).rejects.toBe(down);
    await expect(sealer.ready('renewal')).rejects.toBe(down);
  });

  it('prepares a seal that is as one made at once, and needs the source of keys no more for it', async () => {
    let reads = 0;
    const sealer = jweSealer(async (name) => {
      reads += 1;
      return aKeyRing(name, 'k1');
    });
    await sealer.ready('renewal');

    const sealed = sealer.prepareSeal('renewal', binding)('plaintext');

    expect(reads).toBe(1);
    const atOnce = await sealer.seal('renewal', binding, 'plaintext');
    expect(decodeProtectedHeader(sealed)).toEqual(decodeProtectedHeader(atOnce));
    expect(await sealer.open('renewal', binding, sealed)).toBe('plaintext');
  });

  it('prepares nothing for a purpose whose keys were never asked for', async () => {
    const sealer = testSealer();
    await sealer.ready('renewal');

    expect(() => sealer.prepareSeal('access_token', binding)).toThrow(
      expect.objectContaining({ code: 'SEALED_VALUE_INVALID' }),
    );
  });

  it('seals one text by what is prepared, never two with one initialization vector', async () => {
    const sealer = testSealer();
    await sealer.ready('renewal');
    const seal = sealer.prepareSeal('renewal', binding);
    seal('plaintext');

    expect(() => seal('another')).toThrow();
  });

  it('seals with the key that was current when it was last made ready', async () => {
    let keyIds = ['k1'];
    const sealer = jweSealer(async (name) => aKeyRing(name, ...keyIds));
    await sealer.ready('renewal');
    keyIds = ['k2', 'k1'];
    await sealer.ready('renewal');

    const sealed = await sealer.seal('renewal', binding, 'plaintext');

    expect(decodeProtectedHeader(sealed).kid).toBe('k2');
  });
});
