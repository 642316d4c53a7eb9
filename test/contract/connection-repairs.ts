import { describe, expect, it } from 'vitest';
import type { ConnectionStore } from '../../lib/broker/ports.ts';
import { seconds } from '../../lib/time.ts';
import { aCommitted, aKey, aNewConnection, aTombstone, at } from '../support/connections.ts';
import { without } from '../support/without.ts';
import { anAcquisition, readLive } from './connection-attempts.ts';

type Marking = Parameters<ConnectionStore['markUncertain']>[0];

/** A mark on a connection that was seen at fence 1. */
const aMark = (overrides: Partial<Marking> = {}): Marking => ({
  key: aKey(),
  seen: { fence: 1, committedFence: 1 },
  intent: { fence: 5, at: at(-10), credentialFence: 1 },
  now: at(0),
  clockSkewSeconds: seconds(5),
  refreshAt: at(300),
  ...overrides,
});

const elsewhere = { clientId: 'client-2', origins: ['https://new.example.com'] };

/** The promises of `ConnectionStore` about what an operator changes. */
export function connectionRepairsContract(
  name: string,
  emptyStore: () => Promise<ConnectionStore>,
): void {
  const connected = async () => {
    const store = await emptyStore();
    await store.connect(aNewConnection(), undefined);
    return store;
  };

  describe(`ConnectionStore, marking uncertain: ${name}`, () => {
    it('leaves an intent under a new fence, and the next try', async () => {
      const store = await connected();
      const before = await readLive(store);

      expect(await store.markUncertain(aMark())).toBe('done');

      expect(await readLive(store)).toEqual({
        ...before,
        fence: 5,
        intent: { fence: 5, at: at(-10), credentialFence: 1 },
        refreshAt: at(300),
      });
    });

    it('lists it as due at the moment that was given', async () => {
      const store = await connected();
      await store.markUncertain(aMark());
      const listAt = async (second: number) => {
        const pages = Array.from({ length: 8 }, (_, shard) =>
          store.listDue({ shard, now: at(second), limit: 10 }),
        );
        return (await Promise.all(pages)).flatMap(({ due }) => due);
      };

      expect(await listAt(299)).toEqual([]);
      expect(await listAt(300)).toEqual([{ ...aKey(), refreshAt: at(300) }]);
    });

    it('leaves the schedule as it is where no moment is given', async () => {
      const store = await connected();
      await store.connect(without(aNewConnection({ fence: 2 }), 'refreshAt'), 1);
      const mark = aMark({ seen: { fence: 2, committedFence: 2 } });

      expect(await store.markUncertain(without(mark, 'refreshAt'))).toBe('done');

      expect(await readLive(store)).not.toHaveProperty('refreshAt');
    });

    it('keeps the intent of an attempt that is undecided, and ends its dead lease', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());

      const mark = aMark({ seen: { fence: 2, committedFence: 1 }, now: at(36) });
      expect(await store.markUncertain(mark)).toBe('done');

      const row = await readLive(store);
      expect(row.intent?.fence).toBe(2);
      expect(row).not.toHaveProperty('lease');
    });

    it('waits for a lease to end', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());

      const mark = aMark({ seen: { fence: 2, committedFence: 1 }, now: at(35) });

      expect(await store.markUncertain(mark)).toBe('lost');
      expect((await readLive(store)).fence).toBe(2);
    });

    it('is not settled by an attempt that began before it', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());
      await store.release(aKey(), 2);
      await store.markUncertain(aMark({ seen: { fence: 2, committedFence: 1 } }));

      expect(await store.acquire(anAcquisition({ refreshAt: at(300) }))).toBe('lost');
      expect(await store.commit(aKey(), 2, aCommitted())).toBe('lost');
      expect(await store.release(aKey(), 2)).toBe('lost');
      expect((await readLive(store)).intent?.fence).toBe(5);
    });

    it('is settled by the answer to an attempt that came after it', async () => {
      const store = await connected();
      await store.markUncertain(aMark());
      const seen = { fence: 5, committedFence: 1 };
      await store.acquire(anAcquisition({ seen, refreshAt: at(300), fence: 6 }));

      await store.commit(aKey(), 6, aCommitted({ committedFence: 6 }));

      expect(await readLive(store)).not.toHaveProperty('intent');
    });

    it('refuses what was not seen so, waits for its owner, or was deleted', async () => {
      const store = await connected();

      expect(await store.markUncertain(aMark({ key: aKey('nobody') }))).toBe('lost');
      const unseen = aMark({ seen: { fence: 0, committedFence: 1 } });
      expect(await store.markUncertain(unseen)).toBe('lost');
      const seen = { fence: 1, committedFence: 1, credentialFence: 1 };
      await store.markDead(aKey(), seen, { reason: 'grant_dead', since: at(0) });
      expect(await store.markUncertain(aMark())).toBe('lost');
      await store.remove(aTombstone(), 1, at(600));
      expect(await store.markUncertain(aMark({ seen: { fence: 2, committedFence: 1 } }))).toBe(
        'lost',
      );
    });
  });

  describe(`ConnectionStore, reminding of the end: ${name}`, () => {
    const seen = { fence: 1, committedFence: 1, remindDays: 30 } as const;
    const ending = async () => {
      const store = await emptyStore();
      const end = { renewalEndsAt: at(9000), renewAt: at(4000), remindDays: 30 } as const;
      await store.connect(aNewConnection(end), undefined);
      return store;
    };

    it('changes which reminder is next and when to look again, and nothing else', async () => {
      const store = await ending();
      const before = await readLive(store);

      const next = { remindDays: 7, refreshAt: at(4000) } as const;
      expect(await store.remind(aKey(), seen, next)).toBe('done');

      expect(await readLive(store)).toEqual({ ...before, ...next });
    });

    it('leaves the schedule as it is where no moment is given', async () => {
      const store = await ending();
      const before = await readLive(store);

      await store.remind(aKey(), seen, { remindDays: 0 });

      expect(await readLive(store)).toEqual({ ...before, remindDays: 0 });
    });

    it('tells each reminder once, however many try at the same moment', async () => {
      const store = await ending();

      const endings = await Promise.all(
        Array.from({ length: 20 }, () => store.remind(aKey(), seen, { remindDays: 7 })),
      );

      expect(endings.filter((each) => each === 'done')).toHaveLength(1);
    });

    it('refuses what was not seen so, waits for its owner, or was deleted', async () => {
      const store = await ending();
      const next = { remindDays: 7 } as const;

      expect(await store.remind(aKey('nobody'), seen, next)).toBe('lost');
      expect(await store.remind(aKey(), { ...seen, fence: 0 }, next)).toBe('lost');
      expect(await store.remind(aKey(), { ...seen, committedFence: 0 }, next)).toBe('lost');
      expect(await store.remind(aKey(), { ...seen, remindDays: 7 }, next)).toBe('lost');
      const death = { reason: 'grant_dead', since: at(0) } as const;
      await store.markDead(aKey(), { fence: 1, committedFence: 1, credentialFence: 1 }, death);
      expect(await store.remind(aKey(), seen, next)).toBe('lost');
      await store.remove(aTombstone(), 1, at(600));
      expect(await store.remind(aKey(), { ...seen, fence: 2 }, next)).toBe('lost');
    });

    it('is kept by an answer that does not say which reminder is next, and set by one that does', async () => {
      const store = await ending();
      await store.remind(aKey(), seen, { remindDays: 7 });
      await store.acquire(anAcquisition());

      const first = aCommitted({ renewalEndsAt: at(9001) });
      await store.commit(aKey(), 2, first);
      expect(await readLive(store)).toMatchObject({ renewalEndsAt: at(9001), remindDays: 7 });
      expect(await readLive(store)).not.toHaveProperty('renewAt');
      const attempt = { seen: { fence: 2, committedFence: 2 }, fence: 3 };
      await store.acquire(anAcquisition({ ...attempt, refreshAt: first.refreshAt }));
      const answer = aCommitted({ committedFence: 3, renewalEndsAt: at(20_000), remindDays: 1 });
      await store.commit(aKey(), 3, answer);

      expect(await readLive(store)).toMatchObject({ renewalEndsAt: at(20_000), remindDays: 1 });
    });
  });

  describe(`ConnectionStore, pinning anew: ${name}`, () => {
    it('changes what is pinned, and nothing else', async () => {
      const store = await connected();
      const before = await readLive(store);

      expect(await store.repin(aKey(), 1, elsewhere)).toBe('done');

      expect(await readLive(store)).toEqual({ ...before, ...elsewhere });
    });

    it('lets an attempt that is under way end as it would have', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());

      await store.repin(aKey(), 2, elsewhere);

      expect(await store.commit(aKey(), 2, aCommitted())).toBe('done');
      expect(await readLive(store)).toMatchObject({ committedFence: 2, ...elsewhere });
    });

    it('refuses a grant that has come meanwhile, one that is deleted, and nobody', async () => {
      const store = await connected();
      await store.connect(aNewConnection({ fence: 3 }), 1);

      expect(await store.repin(aKey(), 1, elsewhere)).toBe('lost');
      await store.remove(aTombstone({ fence: 4 }), 3, at(600));
      expect(await store.repin(aKey(), 4, elsewhere)).toBe('lost');
      expect(await store.repin(aKey('nobody'), 1, elsewhere)).toBe('lost');
    });
  });
}
