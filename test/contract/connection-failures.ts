import { describe, expect, it } from 'vitest';
import type { ConnectionStore } from '../../lib/broker/ports.ts';
import { aCommitted, aKey, aNewConnection, at } from '../support/connections.ts';
import { anAcquisition, readLive } from './connection-attempts.ts';

/** The promises of `ConnectionStore` about attempts that end without an answer, and deferral. */
export function connectionFailuresContract(
  name: string,
  emptyStore: () => Promise<ConnectionStore>,
): void {
  const connected = async () => {
    const store = await emptyStore();
    await store.connect(aNewConnection(), undefined);
    return store;
  };

  describe(`ConnectionStore, ending an attempt without an answer: ${name}`, () => {
    it('releases lease and own intent', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());

      expect(await store.release(aKey(), 2)).toBe('done');

      expect(await readLive(store)).toEqual({
        ...aNewConnection({ fence: 2 }),
        state: 'active',
        committedFence: 1,
        credentialFence: 1,
        failures: 0,
      });
    });

    it('releases the lease and leaves the intent of an older attempt', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());
      await store.acquire(
        anAcquisition({ seen: { fence: 2, committedFence: 1 }, fence: 3, now: at(60) }),
      );

      expect(await store.release(aKey(), 3)).toBe('done');

      const row = await readLive(store);
      expect(row).not.toHaveProperty('lease');
      expect(row.intent?.fence).toBe(2);
    });

    it('does not release the lease of a later attempt', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());
      await store.acquire(
        anAcquisition({ seen: { fence: 2, committedFence: 1 }, fence: 3, now: at(60) }),
      );

      expect(await store.release(aKey(), 2)).toBe('lost');

      expect(await readLive(store)).toHaveProperty('lease');
    });

    it.each([
      ['a settled intent goes', true, undefined],
      ['an undecided one stays', false, 2],
    ])('records a failure: the lease goes, %s', async (_, intentSettled, intentFence) => {
      const store = await connected();
      await store.acquire(anAcquisition());
      const failure = { failingSince: at(1), failures: 1, refreshAt: at(61), intentSettled };

      expect(await store.fail(aKey(), 2, failure)).toBe('done');

      const row = await readLive(store);
      expect(row).toMatchObject({
        state: 'failing',
        failures: 1,
        failingSince: at(1),
        refreshAt: at(61),
        sealedCredential: 'sealed-credential-1',
      });
      expect(row).not.toHaveProperty('lease');
      expect(row.intent?.fence).toBe(intentFence);
    });

    it('leaves an older intent when the later attempt’s own is settled', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());
      await store.acquire(
        anAcquisition({ seen: { fence: 2, committedFence: 1 }, fence: 3, now: at(60) }),
      );

      await store.fail(aKey(), 3, { failingSince: at(61), failures: 1, intentSettled: true });

      expect((await readLive(store)).intent?.fence).toBe(2);
    });

    it('takes a failing connection off the schedule when there is no next try', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());

      await store.fail(aKey(), 2, { failingSince: at(1), failures: 1, intentSettled: true });

      expect(await readLive(store)).not.toHaveProperty('refreshAt');
    });

    it('refuses the failure of an attempt that another one has followed', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());
      await store.connect(aNewConnection({ fence: 3 }), 2);

      const failure = { failingSince: at(1), failures: 1, intentSettled: false };

      expect(await store.fail(aKey(), 2, failure)).toBe('lost');
      expect((await readLive(store)).state).toBe('active');
    });

    it('defers a connection that is as it was seen, and no other', async () => {
      const store = await connected();

      const early = await store.defer(aKey(), { fence: 0, committedFence: 0 }, at(100));
      const right = await store.defer(aKey(), { fence: 1, committedFence: 1 }, at(200));

      expect([early, right]).toEqual(['lost', 'done']);
      expect((await readLive(store)).refreshAt).toBe(at(200));
    });

    it('does not put a connection that waits for its owner back on the schedule', async () => {
      const store = await connected();
      const seen = { fence: 1, committedFence: 1, credentialFence: 1 };
      await store.markDead(aKey(), seen, { reason: 'grant_dead', since: at(0) });

      expect(await store.defer(aKey(), seen, at(200))).toBe('lost');

      expect(await readLive(store)).not.toHaveProperty('refreshAt');
    });

    it('keeps a connection that waits for its owner waiting when a failure comes late', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());
      const seen = { fence: 2, committedFence: 1, credentialFence: 1 };
      await store.markDead(aKey(), seen, { reason: 'grant_dead', since: at(0) });

      const failure = { failingSince: at(1), failures: 1, refreshAt: at(60), intentSettled: true };

      expect(await store.fail(aKey(), 2, failure)).toBe('lost');
      expect((await readLive(store)).state).toBe('needs_reauth');
    });

    it('keeps a committed answer when its attempt is released afterwards', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());
      await store.commit(aKey(), 2, aCommitted());

      expect(await store.release(aKey(), 2)).toBe('done');

      expect((await readLive(store)).committedFence).toBe(2);
    });
  });
}
