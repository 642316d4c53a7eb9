import { describe, expect, it } from 'vitest';
import type { ConnectionStore, DueConnection } from '../../lib/broker/ports.ts';
import type { EpochSeconds } from '../../lib/time.ts';
import { aKey, aNewConnection, aTombstone, at } from '../support/connections.ts';
import { without } from '../support/without.ts';
import { anAcquisition, readLive } from './connection-attempts.ts';

const shards = Array.from({ length: 8 }, (_, shard) => shard);
const { client } = aKey();

/** Everything that is due, page by page, from all eight shards. */
async function listAllDue(
  store: ConnectionStore,
  now: EpochSeconds,
  limit = 100,
): Promise<readonly DueConnection[]> {
  const found: DueConnection[] = [];
  for (const shard of shards) {
    let cursor: string | undefined;
    do {
      const page = await store.listDue({ shard, now, limit, ...(cursor && { cursor }) });
      expect(page.due.length).toBeLessThanOrEqual(limit);
      found.push(...page.due);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
  return found;
}

/** Every id of a client's list, page by page. */
async function listAllIds(
  store: ConnectionStore,
  input: Omit<Parameters<ConnectionStore['listByClient']>[0], 'cursor'>,
): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listByClient({ ...input, ...(cursor && { cursor }) });
    expect(page.connections.length).toBeLessThanOrEqual(input.limit);
    ids.push(...page.connections.map(({ connection }) => connection));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

/** The promises of `ConnectionStore` about its two lists. */
export function connectionListsContract(
  name: string,
  emptyStore: () => Promise<ConnectionStore>,
): void {
  const storeOf = async (...ids: readonly string[]) => {
    const store = await emptyStore();
    for (const id of ids) await store.connect(aNewConnection({ ...aKey(id) }), undefined);
    return store;
  };
  const dead = { reason: 'grant_dead', since: at(0) } as const;

  describe(`ConnectionStore, what is due: ${name}`, () => {
    it('lists a connection from its moment on', async () => {
      const store = await storeOf('ann');

      expect(await listAllDue(store, at(2999))).toEqual([]);
      expect(await listAllDue(store, at(3000))).toEqual([{ ...aKey(), refreshAt: at(3000) }]);
    });

    it('lists one no more that was put into quarantine, and keeps all else of it', async () => {
      const store = await storeOf('ann');
      const before = await readLive(store);

      expect(await store.quarantine(aKey())).toBe('done');

      expect(await listAllDue(store, at(3000))).toEqual([]);
      expect(await store.read(aKey())).toEqual(without(before, 'refreshAt'));
      expect(await store.quarantine(aKey('nobody'))).toBe('lost');
    });

    it('lists each of many once, whatever the size of a page', async () => {
      const ids = Array.from({ length: 30 }, (_, index) => `c${index}`);
      const store = await storeOf(...ids);

      const due = await listAllDue(store, at(3000), 2);

      expect(due.map(({ connection }) => connection).toSorted()).toEqual(ids.toSorted());
    });

    it('lists the oldest of a shard first', async () => {
      const store = await emptyStore();
      for (const index of Array.from({ length: 30 }, (_, number) => number)) {
        const refreshAt = at((index * 7) % 30);
        await store.connect(aNewConnection({ ...aKey(`c${index}`), refreshAt }), undefined);
      }

      for (const shard of shards) {
        const { due } = await store.listDue({ shard, now: at(30), limit: 100 });
        const times = due.map(({ refreshAt }) => refreshAt);
        expect(times).toEqual(times.toSorted((one, other) => one - other));
      }
      expect(await listAllDue(store, at(30))).toHaveLength(30);
    });

    it('leaves out what has no schedule, is dead, failed for good, or is deleted', async () => {
      const store = await storeOf('dead', 'failed', 'deleted');
      await store.connect(
        without(aNewConnection({ ...aKey('unscheduled') }), 'refreshAt'),
        undefined,
      );
      const seen = { fence: 1, committedFence: 1, credentialFence: 1 };
      await store.markDead(aKey('dead'), seen, dead);
      await store.acquire(anAcquisition({ key: aKey('failed') }));
      await store.fail(aKey('failed'), 2, {
        failingSince: at(0),
        failures: 1,
        intentSettled: true,
      });
      await store.remove(aTombstone({ ...aKey('deleted'), fence: 2 }), 1, at(600));

      expect(await listAllDue(store, at(99_999))).toEqual([]);
    });

    it('lists again what was scheduled again', async () => {
      const store = await storeOf('ann');
      await store.acquire(anAcquisition());
      await store.fail(aKey(), 2, { failingSince: at(0), failures: 1, intentSettled: true });
      await store.defer(aKey(), { fence: 2, committedFence: 1 }, at(50));

      expect(await listAllDue(store, at(50))).toEqual([{ ...aKey(), refreshAt: at(50) }]);
    });
  });

  describe(`ConnectionStore, a client's connections: ${name}`, () => {
    it('lists them whole, in the order of their ids, and no other client’s', async () => {
      const store = await storeOf('b', 'a', 'C', '@x', '~y');
      await store.connect(aNewConnection({ ...aKey('a', 'acme-2') }), undefined);

      const { connections, cursor } = await store.listByClient({ client, limit: 10 });

      expect(connections.map(({ connection }) => connection)).toEqual(['@x', 'C', 'a', 'b', '~y']);
      expect(connections[2]).toEqual(await store.read(aKey('a')));
      expect(cursor).toBeUndefined();
    });

    it.each([1, 2, 3, 7, 8])('lists each of seven once in pages of %i', async (limit) => {
      const ids = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'];
      const store = await storeOf(...ids);

      expect(await listAllIds(store, { client, limit })).toEqual(ids);
    });

    it('goes on after a connection that was deleted meanwhile', async () => {
      const store = await storeOf('a', 'b', 'c');
      const { cursor = '' } = await store.listByClient({ client, limit: 1 });
      await store.remove(aTombstone({ ...aKey('a'), fence: 2 }), 1, at(600));

      const { connections } = await store.listByClient({ client, limit: 10, cursor });

      expect(connections.map(({ connection }) => connection)).toEqual(['b', 'c']);
    });

    it('lists those of one state', async () => {
      const store = await storeOf('a', 'b', 'c', 'd');
      const seen = { fence: 1, committedFence: 1, credentialFence: 1 };
      await store.markDead(aKey('b'), seen, dead);
      await store.markDead(aKey('d'), seen, dead);

      expect(await listAllIds(store, { client, state: 'needs_reauth', limit: 1 })).toEqual([
        'b',
        'd',
      ]);
      expect(await listAllIds(store, { client, state: 'active', limit: 1 })).toEqual(['a', 'c']);
      expect(await listAllIds(store, { client, state: 'failing', limit: 1 })).toEqual([]);
    });

    it('leaves out what was deleted', async () => {
      const store = await storeOf('a', 'b');
      await store.remove(aTombstone({ ...aKey('a'), fence: 2 }), 1, at(600));

      expect(await listAllIds(store, { client, limit: 10 })).toEqual(['b']);
    });

    it('refuses a cursor that is none, and one of another client', async () => {
      const store = await storeOf('a', 'b');
      const other = aKey('a', 'acme-2').client;
      const { cursor = '' } = await store.listByClient({ client, limit: 1 });

      await expect(store.listByClient({ client: other, limit: 1, cursor })).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
      });
      for (const bad of ['', 'x', '%%%', 'YWNtZQ', 'YWNtZS8']) {
        await expect(store.listByClient({ client, limit: 1, cursor: bad })).rejects.toMatchObject({
          code: 'REQUEST_INVALID',
        });
      }
    });
  });
}
