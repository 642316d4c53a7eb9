import { describe, expect, it } from 'vitest';
import type { ConnectionStore } from '../../lib/broker/ports.ts';
import { seconds } from '../../lib/time.ts';
import { aCommitted, aKey, aNewConnection, aTombstone, at } from '../support/connections.ts';
import { without } from '../support/without.ts';
import { laterAcquisition, leasedIn, markDead, overtakenIn } from './attempts-under-way.ts';
import { readLive } from './connection-attempts.ts';

/** The promises of `ConnectionStore` about answers that come when the lease is lost. */
export function connectionLateAnswersContract(
  name: string,
  emptyStore: () => Promise<ConnectionStore>,
): void {
  describe(`ConnectionStore, keeping a late answer: ${name}`, () => {
    it('keeps it, removes its own intent, and leaves the lease of another attempt', async () => {
      const store = await overtakenIn(await emptyStore());

      expect(await store.commitLate(aKey(), 2, aCommitted())).toBe('done');

      const row = await readLive(store);
      expect(row).toMatchObject({
        fence: 3,
        committedFence: 2,
        credentialFence: 2,
        sealedCredential: 'sealed-credential-2',
        refreshAt: at(6000),
        lease: { owner: 'worker-b', until: at(90) },
      });
      expect(row).not.toHaveProperty('intent');
    });

    it('leaves the intent of another attempt', async () => {
      const store = await leasedIn(await emptyStore());
      await store.release(aKey(), 2);
      await store.acquire(laterAcquisition);

      await store.commitLate(aKey(), 2, aCommitted());

      expect((await readLive(store)).intent?.fence).toBe(3);
    });

    it('keeps an answer that brings no credential', async () => {
      const store = await overtakenIn(await emptyStore());

      expect(await store.commitLate(aKey(), 2, without(aCommitted(), 'credential'))).toBe('done');

      expect(await readLive(store)).toMatchObject({
        committedFence: 2,
        credentialFence: 1,
        sealedCredential: 'sealed-credential-1',
      });
    });

    it('leaves its own intent, without a credential, while a later attempt is in doubt', async () => {
      const store = await overtakenIn(await emptyStore());

      await store.commitLate(aKey(), 2, without(aCommitted(), 'credential'));

      expect((await readLive(store)).intent?.fence).toBe(2);
    });

    it('removes its own intent, without a credential, where no later attempt has begun', async () => {
      const store = await leasedIn(await emptyStore());

      await store.commitLate(aKey(), 2, without(aCommitted(), 'credential'));

      expect(await readLive(store)).not.toHaveProperty('intent');
    });

    it('removes an older intent with the credential that it speaks of', async () => {
      const store = await overtakenIn(await emptyStore());
      const seen = { fence: 3, committedFence: 1 };
      await store.acquire({ ...laterAcquisition, seen, fence: 4, now: at(120) });

      await store.commitLate(aKey(), 3, aCommitted({ committedFence: 3 }));

      expect(await readLive(store)).not.toHaveProperty('intent');
    });

    it('leaves an older intent, without a credential, while a later attempt is in doubt', async () => {
      const store = await overtakenIn(await emptyStore());
      const seen = { fence: 3, committedFence: 1 };
      await store.acquire({ ...laterAcquisition, seen, fence: 4, now: at(120) });
      const answer = without(aCommitted({ committedFence: 3 }), 'credential');

      await store.commitLate(aKey(), 3, answer);

      expect((await readLive(store)).intent?.fence).toBe(2);
    });

    it('removes an older intent, without a credential, where no later attempt has begun', async () => {
      const store = await overtakenIn(await emptyStore());
      const answer = without(aCommitted({ committedFence: 3 }), 'credential');

      await store.commitLate(aKey(), 3, answer);

      expect(await readLive(store)).not.toHaveProperty('intent');
    });

    it('leaves the intent of a marking that came after it, though it brings a credential', async () => {
      const store = await leasedIn(await emptyStore());
      await store.release(aKey(), 2);
      const intent = { fence: 5, at: at(-10), credentialFence: 1 };
      const seen = { fence: 2, committedFence: 1 };
      const clockSkewSeconds = seconds(5);
      await store.markUncertain({ key: aKey(), seen, intent, now: at(0), clockSkewSeconds });

      await store.commitLate(aKey(), 2, aCommitted());

      expect((await readLive(store)).intent).toEqual(intent);
    });

    it('is lost the second time, and changes nothing', async () => {
      const store = await overtakenIn(await emptyStore());
      await store.commitLate(aKey(), 2, aCommitted());
      const once = await readLive(store);

      expect(await store.commitLate(aKey(), 2, aCommitted())).toBe('lost');

      expect(await readLive(store)).toEqual(once);
    });

    it('is kept once when it comes many times at once', async () => {
      const store = await overtakenIn(await emptyStore());

      const endings = await Promise.all(
        Array.from({ length: 20 }, () => store.commitLate(aKey(), 2, aCommitted())),
      );

      expect(endings.filter((ending) => ending === 'done')).toHaveLength(1);
    });

    it('never lowers a fence that a later attempt has committed', async () => {
      const store = await overtakenIn(await emptyStore());
      await store.commit(aKey(), 3, aCommitted({ committedFence: 3 }));

      expect(await store.commitLate(aKey(), 2, aCommitted())).toBe('lost');

      expect(await readLive(store)).toMatchObject({
        fence: 3,
        committedFence: 3,
        credentialFence: 3,
        sealedCredential: 'sealed-credential-3',
      });
    });

    it('ends with the highest fence, in whatever order answers come', async () => {
      const store = await overtakenIn(await emptyStore());

      await Promise.all(
        [2, 3, 2, 3].map((fence) =>
          store.commitLate(aKey(), fence, aCommitted({ committedFence: fence })),
        ),
      );

      expect(await readLive(store)).toMatchObject({ committedFence: 3, credentialFence: 3 });
    });

    it('makes a failing connection active', async () => {
      const store = await overtakenIn(await emptyStore());
      await store.fail(aKey(), 3, { failingSince: at(61), failures: 1, intentSettled: true });

      await store.commitLate(aKey(), 2, aCommitted());

      expect(await readLive(store)).toMatchObject({ state: 'active', failures: 0 });
    });

    it('brings back a connection whose answer was lost', async () => {
      const store = await overtakenIn(await emptyStore());
      await markDead(store, 3, 'answer_lost');

      expect(await store.commitLate(aKey(), 2, aCommitted())).toBe('done');

      const row = await readLive(store);
      expect(row).toMatchObject({ state: 'active', committedFence: 2, refreshAt: at(6000) });
      expect(row).not.toHaveProperty('reason');
      expect(row).not.toHaveProperty('needsReauthSince');
    });

    it('does not bring back one whose answer was lost unless it brings the credential', async () => {
      const store = await overtakenIn(await emptyStore());
      await markDead(store, 3, 'answer_lost');

      expect(await store.commitLate(aKey(), 2, without(aCommitted(), 'credential'))).toBe('done');

      const row = await readLive(store);
      expect(row).toMatchObject({ state: 'needs_reauth', reason: 'answer_lost' });
      expect(row).not.toHaveProperty('refreshAt');
    });

    it('does not bring back a connection whose grant is dead, nor schedule it', async () => {
      const store = await overtakenIn(await emptyStore());
      await markDead(store, 3, 'grant_dead');

      expect(await store.commitLate(aKey(), 2, aCommitted())).toBe('done');

      const row = await readLive(store);
      expect(row).toMatchObject({
        state: 'needs_reauth',
        reason: 'grant_dead',
        committedFence: 2,
        sealedCredential: 'sealed-credential-2',
      });
      expect(row).not.toHaveProperty('refreshAt');
    });

    it('never overwrites a reconnect, nor revives what was deleted or never there', async () => {
      const store = await overtakenIn(await emptyStore());
      await store.connect(aNewConnection({ fence: 4 }), 3);
      const reconnected = await store.commitLate(aKey(), 2, aCommitted());
      const row = await readLive(store);
      await store.remove(aTombstone({ fence: 5 }), 4, at(600));
      const deleted = await store.commitLate(aKey(), 9, aCommitted({ committedFence: 9 }));
      const absent = await store.commitLate(aKey('bob'), 2, aCommitted());

      expect([reconnected, deleted, absent]).toEqual(['lost', 'lost', 'lost']);
      expect(row).toMatchObject({ fence: 4, sealedCredential: 'sealed-credential-1' });
      expect(await store.read(aKey())).toEqual(aTombstone({ fence: 5 }));
      expect(await store.read(aKey('bob'))).toBeUndefined();
    });
  });
}
