import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionStore } from '../../lib/broker/ports.ts';
import { seconds } from '../../lib/time.ts';
import { aKey, aNewConnection, aTombstone, at } from '../support/connections.ts';

type Acquisition = Parameters<ConnectionStore['acquire']>[0];

/** What a worker writes to begin attempt 2 on a connection that it saw at fence 1. */
export function anAcquisition(overrides: Partial<Acquisition> = {}): Acquisition {
  return {
    key: aKey(),
    seen: { fence: 1, committedFence: 1 },
    refreshAt: aNewConnection().refreshAt,
    retryAt: at(9000),
    fence: 2,
    lease: { owner: 'worker-a', until: at(30) },
    now: at(0),
    clockSkewSeconds: seconds(5),
    credentialFence: 1,
    ...overrides,
  };
}

/** The connection as it is stored; for tests that know that it is there. */
export async function readLive(store: ConnectionStore, key = aKey()): Promise<Connection> {
  const row = await store.read(key);
  if (!row || row.state === 'revoked') throw new Error('there is no such connection');
  return row;
}

/** The promises of `ConnectionStore` about taking the lease. */
export function connectionAttemptsContract(
  name: string,
  emptyStore: () => Promise<ConnectionStore>,
): void {
  const connected = async () => {
    const store = await emptyStore();
    await store.connect(aNewConnection(), undefined);
    return store;
  };

  describe(`ConnectionStore, taking the lease: ${name}`, () => {
    it('writes fence, lease and intent at once', async () => {
      const store = await connected();

      expect(await store.acquire(anAcquisition())).toBe('done');

      expect(await readLive(store)).toMatchObject({
        fence: 2,
        committedFence: 1,
        lease: { owner: 'worker-a', until: at(30) },
        intent: { fence: 2, at: at(0), credentialFence: 1 },
      });
    });

    it('gives the lease to one of a hundred that saw the same', async () => {
      const store = await connected();

      const endings = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          store.acquire(
            anAcquisition({
              fence: 2 + index,
              lease: { owner: `worker-${index}`, until: at(30) },
            }),
          ),
        ),
      );

      const winner = endings.indexOf('done');
      expect(endings.filter((ending) => ending === 'done')).toHaveLength(1);
      expect((await readLive(store)).lease?.owner).toBe(`worker-${winner}`);
    });

    it.each([
      ['another fence', { seen: { fence: 0, committedFence: 1 } }],
      ['another committed fence', { seen: { fence: 1, committedFence: 0 } }],
      ['a fence of its own that does not grow', { fence: 1 }],
      ['another schedule', { refreshAt: at(2999) }],
      ['no schedule', { refreshAt: undefined }],
    ])('refuses a worker with %s', async (_, wrong) => {
      const store = await connected();

      expect(await store.acquire(anAcquisition(wrong))).toBe('lost');

      expect(await readLive(store)).not.toHaveProperty('lease');
    });

    it.each([
      ['while the lease runs', at(29), 'lost'],
      ['at its end', at(30), 'lost'],
      ['within the clocks’ difference after it', at(35), 'lost'],
      ['after that', at(36), 'done'],
    ])('answers a second worker %s', async (_, now, ending) => {
      const store = await connected();
      await store.acquire(anAcquisition());

      const second = anAcquisition({
        seen: { fence: 2, committedFence: 1 },
        fence: 3,
        lease: { owner: 'worker-b', until: at(90) },
        now,
      });

      expect(await store.acquire(second)).toBe(ending);
    });

    it('takes a connection without a schedule that was seen without one', async () => {
      const store = await connected();
      await store.quarantine(aKey());

      expect(await store.acquire(anAcquisition())).toBe('lost');
      expect(await store.acquire(anAcquisition({ refreshAt: undefined }))).toBe('done');
    });

    it.each([
      ['that is later', at(3000), at(2999), at(2999)],
      ['that is sooner', at(3000), at(3001), at(3000)],
      ['that there is none of', undefined, at(2999), at(2999)],
    ])('has it looked at again, in place of a schedule %s', async (_, refreshAt, retryAt, due) => {
      const store = await connected();
      if (refreshAt === undefined) await store.quarantine(aKey());

      await store.acquire(anAcquisition({ refreshAt, retryAt }));

      expect((await readLive(store)).refreshAt).toBe(due);
    });

    it('refuses a worker that saw what a failure after it has put off', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());
      const seen = { fence: 2, committedFence: 1 };
      const failure = { failingSince: at(60), failures: 1, refreshAt: at(3600) };
      await store.fail(aKey(), 2, { ...failure, intentSettled: true });

      const second = anAcquisition({ seen, fence: 3, now: at(60) });

      expect(await store.acquire(second)).toBe('lost');
      expect(await store.acquire({ ...second, refreshAt: at(3600) })).toBe('done');
    });

    it('leaves an undecided older intent', async () => {
      const store = await connected();
      await store.acquire(anAcquisition());

      await store.acquire(
        anAcquisition({ seen: { fence: 2, committedFence: 1 }, fence: 3, now: at(60) }),
      );

      expect((await readLive(store)).intent).toEqual({ fence: 2, at: at(0), credentialFence: 1 });
    });

    it('refuses a connection that waits for its owner, a deleted one, and one never made', async () => {
      const store = await connected();
      const never = await store.acquire(anAcquisition({ key: aKey('bob') }));
      await store.markDead(
        aKey(),
        { fence: 1, committedFence: 1, credentialFence: 1 },
        { reason: 'grant_dead', since: at(0) },
      );
      const dead = await store.acquire(anAcquisition());
      await store.remove(aTombstone({ fence: 2 }), 1, at(600));
      const deleted = await store.acquire(
        anAcquisition({ seen: { fence: 2, committedFence: 1 }, fence: 3 }),
      );

      expect([never, dead, deleted]).toEqual(['lost', 'lost', 'lost']);
    });
  });
}
