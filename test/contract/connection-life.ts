import { describe, expect, it } from 'vitest';
import type { ConnectionStore } from '../../lib/broker/ports.ts';
import {
  aCommitted,
  aConnection,
  aKey,
  aNewConnection,
  aTombstone,
  at,
} from '../support/connections.ts';
import { without } from '../support/without.ts';
import { anAcquisition, readLive } from './connection-attempts.ts';

/** The promises of `ConnectionStore` about connecting and deleting. */
export function connectionLifeContract(
  name: string,
  emptyStore: () => Promise<ConnectionStore>,
): void {
  describe(`ConnectionStore, connecting and deleting: ${name}`, () => {
    it('reads nothing where nothing was written', async () => {
      const store = await emptyStore();

      expect(await store.read(aKey())).toBeUndefined();
    });

    it('reads back every member as it was written', async () => {
      const store = await emptyStore();
      const full = aNewConnection({
        fence: 1_795_305_600_123,
        renewal: ['refresh_token', 'password'],
        origins: ['https://as.example.com', 'https://api.example.com'],
        params: { userId: 'ü 1' },
        accountId: 'account-1',
        values: { realm: 'r1', empty: '' },
        refreshTokenExpiresAt: at(9000),
      });

      await store.connect(full, undefined);

      expect(await store.read(aKey())).toEqual({
        ...full,
        state: 'active',
        committedFence: full.fence,
        credentialFence: full.fence,
        failures: 0,
      });
    });

    it('reads back a connection that has nothing but what it must have', async () => {
      const store = await emptyStore();
      const bare = without(
        aNewConnection({ renewal: [], origins: [], expirySource: 'unknown' }),
        'sealedCredential',
        'scope',
        'accessTokenExpiresAt',
        'refreshAt',
      );

      await store.connect(bare, undefined);

      expect(await store.read(aKey())).toEqual({
        ...bare,
        state: 'active',
        committedFence: 1,
        credentialFence: 1,
        failures: 0,
      });
    });

    it('lets one of a hundred make a connection', async () => {
      const store = await emptyStore();

      const endings = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          store.connect(aNewConnection({ fence: index + 1 }), undefined),
        ),
      );

      expect(endings.filter((ending) => ending === 'done')).toHaveLength(1);
      expect((await readLive(store)).fence).toBe(endings.indexOf('done') + 1);
    });

    it('keeps connections of other clients and ids apart', async () => {
      const store = await emptyStore();
      await store.connect(aNewConnection({ ...aKey('ann', 'acme') }), undefined);
      await store.connect(aNewConnection({ ...aKey('ann', 'acme-2') }), undefined);

      await store.connect(aNewConnection({ ...aKey('ann', 'acme-2'), fence: 2 }), 1);

      expect((await readLive(store, aKey('ann', 'acme'))).fence).toBe(1);
      expect((await readLive(store, aKey('ann', 'acme-2'))).fence).toBe(2);
    });

    it('sets all fences at a reconnect, and lease, intent and failures go', async () => {
      const store = await emptyStore();
      await store.connect(aNewConnection(), undefined);
      await store.acquire(anAcquisition());
      await store.fail(aKey(), 2, { failingSince: at(1), failures: 2, intentSettled: false });
      const next = aNewConnection({ fence: 7, connectedAt: at(100) });

      expect(await store.connect(next, 2)).toBe('done');

      expect(await store.read(aKey())).toEqual(aConnection({ ...next, fence: 7 }));
    });

    it.each([
      ['none was seen', undefined, 7],
      ['another fence was seen', 3, 7],
      ['the new fence does not grow', 1, 1],
    ])('refuses to connect over a connection when %s', async (_, seen, fence) => {
      const store = await emptyStore();
      await store.connect(aNewConnection(), undefined);

      expect(await store.connect(aNewConnection({ fence, clientId: 'other' }), seen)).toBe('lost');

      expect((await readLive(store)).clientId).toBe('client-id');
    });

    it('refuses to connect over nothing when a fence was seen', async () => {
      const store = await emptyStore();

      expect(await store.connect(aNewConnection({ fence: 2 }), 1)).toBe('lost');

      expect(await store.read(aKey())).toBeUndefined();
    });

    it('leaves of a deleted connection nothing but its address and fence', async () => {
      const store = await emptyStore();
      await store.connect(aNewConnection(), undefined);

      expect(await store.remove(aTombstone({ fence: 2 }), 1, at(600))).toBe('done');

      expect(await store.read(aKey())).toEqual(aTombstone({ fence: 2 }));
    });

    it.each([
      ['another fence was seen', 3, 7],
      ['the new fence does not grow', 1, 1],
    ])('refuses to delete when %s', async (_, seen, fence) => {
      const store = await emptyStore();
      await store.connect(aNewConnection(), undefined);

      expect(await store.remove(aTombstone({ fence }), seen, at(600))).toBe('lost');

      expect((await readLive(store)).state).toBe('active');
    });

    it('lets nothing of an older attempt through a tombstone', async () => {
      const store = await emptyStore();
      await store.connect(aNewConnection(), undefined);
      await store.acquire(anAcquisition());
      await store.remove(aTombstone({ fence: 3 }), 2, at(600));

      const endings = [
        await store.commit(aKey(), 2, aCommitted()),
        await store.commit(aKey(), 3, aCommitted({ committedFence: 3 })),
        await store.commitLate(aKey(), 2, aCommitted()),
        await store.release(aKey(), 3),
        await store.fail(aKey(), 3, { failingSince: at(1), failures: 1, intentSettled: true }),
        await store.defer(aKey(), { fence: 3, committedFence: 1 }, at(60)),
      ];

      expect(endings).toEqual(Array.from(endings, () => 'lost'));
      expect(await store.read(aKey())).toEqual(aTombstone({ fence: 3 }));
    });

    it('connects over a tombstone that was seen', async () => {
      const store = await emptyStore();
      await store.connect(aNewConnection(), undefined);
      await store.remove(aTombstone({ fence: 2 }), 1, at(600));

      expect(await store.connect(aNewConnection({ fence: 3 }), undefined)).toBe('lost');
      expect(await store.connect(aNewConnection({ fence: 3 }), 2)).toBe('done');

      expect(await store.read(aKey())).toEqual(aConnection({ fence: 3 }));
    });
  });
}
