import { describe, expect, it } from 'vitest';
import type { ConnectionStore } from '../../lib/broker/ports.ts';
import { aCommitted, aKey, aNewConnection, aTombstone, at } from '../support/connections.ts';
import { without } from '../support/without.ts';
import { leasedIn, markDead, overtakenIn } from './attempts-under-way.ts';
import { readLive } from './connection-attempts.ts';

/** The promises of `ConnectionStore` about an answer in time, and about death. */
export function connectionAnswersContract(
  name: string,
  emptyStore: () => Promise<ConnectionStore>,
): void {
  describe(`ConnectionStore, keeping an answer: ${name}`, () => {
    it('keeps credential, fences and schedule, and removes lease and intent', async () => {
      const store = await leasedIn(await emptyStore());
      const answer = aCommitted({ values: { realm: 'r1' }, scope: 'read write' });

      expect(await store.commit(aKey(), 2, answer)).toBe('done');

      const { credential, ...members } = answer;
      expect(await readLive(store)).toEqual({
        ...without(aNewConnection({ accountId: 'account-1' }), 'fence'),
        ...members,
        sealedCredential: credential?.sealed,
        fence: 2,
        credentialFence: 2,
        state: 'active',
        failures: 0,
      });
    });

    it('keeps the old credential when the answer brings none (RFC 6749 §6)', async () => {
      const store = await leasedIn(await emptyStore());

      await store.commit(aKey(), 2, without(aCommitted(), 'credential'));

      expect(await readLive(store)).toMatchObject({
        committedFence: 2,
        credentialFence: 1,
        sealedCredential: 'sealed-credential-1',
        scope: 'read',
        accountId: 'account-1',
      });
    });

    it('keeps the account that the answer names, and the one known where it names none', async () => {
      const store = await leasedIn(await emptyStore());

      await store.commit(aKey(), 2, aCommitted({ accountId: 'account-2' }));
      const named = await readLive(store);
      await store.commit(aKey(), 2, aCommitted());

      expect(named.accountId).toBe('account-2');
      expect((await readLive(store)).accountId).toBe('account-2');
    });

    it('takes off the schedule what the answer gives no time for', async () => {
      const store = await leasedIn(await emptyStore());

      await store.commit(aKey(), 2, without(aCommitted(), 'refreshAt', 'accessTokenExpiresAt'));

      const row = await readLive(store);
      expect(row).not.toHaveProperty('refreshAt');
      expect(row).not.toHaveProperty('accessTokenExpiresAt');
    });

    it('makes a failing connection active', async () => {
      const store = await leasedIn(await emptyStore());
      await store.fail(aKey(), 2, { failingSince: at(1), failures: 3, intentSettled: false });

      expect(await store.commit(aKey(), 2, aCommitted())).toBe('done');

      const row = await readLive(store);
      expect(row).toMatchObject({ state: 'active', failures: 0 });
      expect(row).not.toHaveProperty('failingSince');
      expect(row).not.toHaveProperty('intent');
    });

    it('changes nothing more when the same commit comes twice', async () => {
      const store = await leasedIn(await emptyStore());
      await store.commit(aKey(), 2, aCommitted());
      const once = await readLive(store);

      await store.commit(aKey(), 2, aCommitted());

      expect(await readLive(store)).toEqual(once);
    });

    it('refuses an attempt whose lease another one has taken over', async () => {
      const store = await overtakenIn(await emptyStore());

      expect(await store.commit(aKey(), 2, aCommitted())).toBe('lost');

      expect(await readLive(store)).toMatchObject({ fence: 3, committedFence: 1 });
    });
  });

  describe(`ConnectionStore, correcting a schedule: ${name}`, () => {
    const told = { expirySource: 'introspection', accessTokenExpiresAt: at(7000) } as const;

    it('replaces all of the schedule, and nothing else', async () => {
      const store = await leasedIn(await emptyStore());
      await store.commit(aKey(), 2, aCommitted());
      const before = await readLive(store);

      expect(await store.reschedule(aKey(), 2, { ...told, refreshAt: at(6000) })).toBe('done');

      const { refreshTokenExpiresAt: _end, ...rest } = before;
      expect(await readLive(store)).toEqual({ ...rest, ...told, refreshAt: at(6000) });
    });

    it('takes a connection out of the schedule', async () => {
      const store = await leasedIn(await emptyStore());
      await store.commit(aKey(), 2, aCommitted());

      expect(await store.reschedule(aKey(), 2, told)).toBe('done');

      expect(await readLive(store)).not.toHaveProperty('refreshAt');
    });

    it.each([
      ['another attempt has begun', async (store: ConnectionStore) => overtakenIn(store)],
      ['no answer was kept under this fence', async (store: ConnectionStore) => leasedIn(store)],
    ])('is lost when %s', async (_, become) => {
      const store = await become(await emptyStore());
      const before = await readLive(store);

      expect(await store.reschedule(aKey(), 2, told)).toBe('lost');

      expect(await readLive(store)).toEqual(before);
    });

    it('is lost when the connection is gone', async () => {
      const store = await leasedIn(await emptyStore());
      await store.remove(aTombstone({ fence: 2 }), 2, at(9000));

      expect(await store.reschedule(aKey(), 2, told)).toBe('lost');
      expect(await store.reschedule(aKey('bob'), 2, told)).toBe('lost');
    });
  });

  describe(`ConnectionStore, marking a connection dead: ${name}`, () => {
    it('removes lease, intent and schedule, and keeps the sealed credential', async () => {
      const store = await leasedIn(await emptyStore());

      expect(await markDead(store, 2, 'grant_dead')).toBe('done');

      const row = await readLive(store);
      expect(row).toMatchObject({
        state: 'needs_reauth',
        reason: 'grant_dead',
        needsReauthSince: at(70),
        sealedCredential: 'sealed-credential-1',
      });
      for (const gone of ['lease', 'intent', 'refreshAt']) expect(row).not.toHaveProperty(gone);
    });

    it.each([
      ['fence', { fence: 1, committedFence: 1, credentialFence: 1 }],
      ['committed fence', { fence: 2, committedFence: 0, credentialFence: 1 }],
      ['credential fence', { fence: 2, committedFence: 1, credentialFence: 0 }],
    ])('is lost when the %s is another', async (_, seen) => {
      const store = await leasedIn(await emptyStore());

      const ending = await store.markDead(aKey(), seen, { reason: 'grant_dead', since: at(70) });

      expect(ending).toBe('lost');
      expect((await readLive(store)).state).toBe('active');
    });

    it('is lost to an answer that was kept meanwhile', async () => {
      const store = await overtakenIn(await emptyStore());
      await store.commitLate(aKey(), 2, aCommitted());

      expect(await markDead(store, 3, 'grant_dead')).toBe('lost');

      expect((await readLive(store)).state).toBe('active');
    });
  });
}
