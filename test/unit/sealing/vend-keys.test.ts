/** What `vend` has is the ring of access tokens. Here somebody has its memory, and both tables. */
import * as fc from 'fast-check';
import { compactDecrypt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import type { KeyRingName } from '../../../lib/broker/key-ports.ts';
import type { SealBinding, SealPurpose } from '../../../lib/broker/ports.ts';
import { tokenBinding } from '../../../lib/broker/token-seal.ts';
import { Fault } from '../../../lib/fault.ts';
import { jweSealer, type ReadKeyRing } from '../../../lib/sealing/jwe-sealer.ts';
import { aKey, aStoredToken } from '../../support/connections.ts';
import { aKeyRing, testSealer } from '../../support/key-rings.ts';
import { memoryTokenStore } from '../../support/memory-token-store.ts';
import { vendWorld } from '../../support/vend-world.ts';

const purposes: readonly SealPurpose[] = ['access_token', 'renewal', 'revocation'];
const binding = { ...aKey(), fence: 7 };
const canary = 'refresh-token-CANARY';

/** The rings as `vend`'s role may read them, and which were asked for. */
function ringsOfVend() {
  const asked: KeyRingName[] = [];
  const readRing: ReadKeyRing = async (ring) => {
    asked.push(ring);
    if (ring === 'access-token') return aKeyRing(ring, 'k1');
    const reason = 'AccessDeniedException';
    throw new Fault('STORE_UNAVAILABLE', { store: 'secrets', operation: 'read', reason });
  };
  return { asked, readRing };
}

/** What stands in the connections' table and in the queues. */
const blobsOfRenewal = () =>
  Promise.all(
    (['renewal', 'revocation'] as const).map((purpose) =>
      testSealer().seal(purpose, binding, canary),
    ),
  );

/** The blob under a header that claims something else. */
function underHeader(sealed: string, change: object): string {
  const header = { ...decodeProtectedHeader(sealed), ...change };
  const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');
  return [encoded, ...sealed.split('.').slice(1)].join('.');
}

describe('with the ring of access tokens alone', () => {
  it('no renewal credential opens, under whatever purpose, row or fence, moved or relabelled', async () => {
    const { readRing } = ringsOfVend();
    const sealer = jweSealer(readRing);
    const blobs = await blobsOfRenewal();
    const bindings = fc.record({
      client: fc.constantFrom(aKey().client, aKey('ann', 'acme-2').client),
      connection: fc.constantFrom(aKey().connection, aKey('bob').connection),
      fence: fc.constantFrom(6, 7, 8),
    });
    const claims = fc.record(
      {
        purpose: fc.constantFrom(...purposes),
        kid: fc.constantFrom('k1', 'k2'),
        client: fc.constantFrom('acme', 'acme-2'),
        connection: fc.constantFrom('ann', 'bob'),
        fence: fc.constantFrom(6, 7, 8),
        beside_sha256: fc.constantFrom(undefined, tokenBinding(aStoredToken()).besideSha256),
      },
      { requiredKeys: [] },
    );
    const attempt = fc.record({
      blob: fc.constantFrom(...blobs),
      purpose: fc.constantFrom(...purposes),
      binding: bindings,
      claims,
    });

    await fc.assert(
      fc.asyncProperty(attempt, async ({ blob, purpose, binding: to, claims: said }) => {
        const opening = sealer.open(purpose, to as SealBinding, underHeader(blob, said));
        const ending: unknown = await opening.catch((error: unknown) => error);
        expect(ending).toBeInstanceOf(Fault);
        expect((ending as Fault).code).toMatch(/^(SEALED_VALUE_INVALID|STORE_UNAVAILABLE)$/);
      }),
      { numRuns: 500 },
    );
  });

  it('no key that can be derived from it decrypts a renewal credential, whatever the purpose', async () => {
    const ring = aKeyRing('access-token', 'k1', 'k2');
    const blobs = await blobsOfRenewal();

    for (const blob of blobs) {
      for (const purpose of purposes) {
        for (const keyId of ring.keyIds) {
          const key = ring.deriveKey(keyId, purpose) ?? new Uint8Array(32);
          for (const text of [blob, underHeader(blob, { purpose, kid: keyId })]) {
            await expect(compactDecrypt(text, key)).rejects.toThrow('decryption operation failed');
          }
        }
      }
    }
  });

  it('vend opens no renewal credential that was moved into its row, nor asks for the other ring', async () => {
    for (const blob of await blobsOfRenewal()) {
      const token = { ...aStoredToken({ fence: 7 }), sealed: blob };
      const { besideSha256 } = tokenBinding(token);
      const relabelled = { purpose: 'access_token', beside_sha256: besideSha256 };
      for (const sealed of [blob, underHeader(blob, relabelled)]) {
        const { asked, readRing } = ringsOfVend();
        const tokens = memoryTokenStore({ ...token, sealed });

        const vending = vendWorld().vend({}, { tokens, sealer: jweSealer(readRing) });

        await expect(vending).rejects.toMatchObject({ code: 'SEALED_VALUE_INVALID' });
        expect(asked).not.toContain('renewal');
      }
    }
  });
});
