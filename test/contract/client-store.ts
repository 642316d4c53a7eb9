import { describe, expect, it } from 'vitest';
import type { ClientStore } from '../../lib/broker/client-ports.ts';
import { seconds } from '../../lib/time.ts';
import { aKey, at } from '../support/connections.ts';

const { client } = aKey();
const other = aKey('ann', 'acme-2').client;

/** The promises of `ClientStore`, for any implementation of it to be held to. */
export function clientStoreContract(name: string, emptyStore: () => Promise<ClientStore>): void {
  describe(`ClientStore: ${name}`, () => {
    it('knows nothing of a client that was never refused', async () => {
      const store = await emptyStore();

      expect(await store.read(client)).toEqual({});
    });

    it('remembers the last refusal of each client', async () => {
      const store = await emptyStore();
      await store.markRefused(client, 'v1', at(1));
      await store.markRefused(client, 'v2', at(2));

      expect(await store.read(client)).toEqual({ refusedVersion: 'v2', refusedAt: at(2) });
      expect(await store.read(other)).toEqual({});
    });

    it('forgets the refusal of a version', async () => {
      const store = await emptyStore();
      await store.markRefused(client, 'v1', at(1));

      await store.clearRefused(client, 'v1');

      expect(await store.read(client)).toEqual({});
    });

    it('does not forget the refusal of another version', async () => {
      const store = await emptyStore();
      await store.markRefused(client, 'v2', at(2));

      await store.clearRefused(client, 'v1');
      await store.clearRefused(other, 'v1');

      expect(await store.read(client)).toEqual({ refusedVersion: 'v2', refusedAt: at(2) });
      expect(await store.read(other)).toEqual({});
    });

    it('remembers of which version the newer secret has worked, whatever is refused', async () => {
      const store = await emptyStore();
      await store.markProven(client, 'v1');
      await store.markProven(client, 'v2');
      await store.markRefused(client, 'v2', at(2));
      expect(await store.read(client)).toEqual({
        provenVersion: 'v2',
        refusedVersion: 'v2',
        refusedAt: at(2),
      });

      await store.clearRefused(client, 'v2');

      expect(await store.read(client)).toEqual({ provenVersion: 'v2' });
      expect(await store.read(other)).toEqual({});
    });

    it('remembers the last version that did not match what was pinned, and when each was seen first', async () => {
      const store = await emptyStore();
      await store.markChanged(client, 'v1', at(1));
      await store.markChanged(client, 'v1', at(2));
      expect(await store.read(client)).toEqual({ changedVersion: 'v1', changedAt: at(1) });

      await store.markChanged(client, 'v2', at(3));

      expect(await store.read(client)).toEqual({ changedVersion: 'v2', changedAt: at(3) });
      expect(await store.read(other)).toEqual({});
    });

    it('counts calls without an answer, one after another', async () => {
      const store = await emptyStore();

      const counts = await Promise.all([1, 2, 3].map(() => store.countTrouble(client, at(1))));

      expect(counts.toSorted()).toEqual([1, 2, 3]);
      expect(await store.read(client)).toEqual({ troubles: 3 });
      expect(await store.read(other)).toEqual({});
    });

    it('does not count a call that began before the breaker opened', async () => {
      const store = await emptyStore();
      await store.openBreaker(client, at(30));

      expect(await store.countTrouble(client, at(29))).toBeUndefined();
      expect(await store.countTrouble(client, at(30))).toBe(1);
    });

    it('gives the probe to one of a hundred, once the breaker has been open long enough', async () => {
      const store = await emptyStore();
      await store.openBreaker(client, at(30));
      const probe = { now: at(30), until: at(90) };

      expect(await store.takeProbe(client, { ...probe, now: at(29) })).toBe('lost');
      const endings = await Promise.all(
        Array.from({ length: 100 }, () => store.takeProbe(client, probe)),
      );

      expect(endings.filter((ending) => ending === 'done')).toHaveLength(1);
      expect(await store.read(client)).toEqual({ openUntil: at(30), probeUntil: at(90) });
    });

    it.each([
      ['before its end', at(89), 'lost'],
      ['at its end', at(90), 'done'],
    ] as const)('answers who asks for another probe %s', async (_, now, ending) => {
      const store = await emptyStore();
      await store.openBreaker(client, at(30));
      await store.takeProbe(client, { now: at(30), until: at(90) });

      expect(await store.takeProbe(client, { now, until: at(200) })).toBe(ending);
    });

    it('has no probe to give while the breaker is closed', async () => {
      const store = await emptyStore();
      await store.countTrouble(client, at(1));

      expect(await store.takeProbe(client, { now: at(9), until: at(90) })).toBe('lost');
    });

    it('opens again without the probe that failed', async () => {
      const store = await emptyStore();
      await store.openBreaker(client, at(30));
      await store.takeProbe(client, { now: at(30), until: at(90) });

      await store.openBreaker(client, at(120));

      expect(await store.read(client)).toEqual({ openUntil: at(120) });
    });

    it('forgets trouble, breaker and probe when the provider answers, and no refusal', async () => {
      const store = await emptyStore();
      await store.markRefused(client, 'v1', at(1));
      await store.countTrouble(client, at(1));
      await store.openBreaker(client, at(30));
      await store.takeProbe(client, { now: at(30), until: at(90) });

      await store.closeBreaker(client);

      expect(await store.read(client)).toEqual({ refusedVersion: 'v1', refusedAt: at(1) });
    });

    describe('counting grants that the provider called dead', () => {
      const windowSeconds = seconds(600);
      const refuse = (store: ClientStore, moment: number) =>
        store.countRefusedGrant(client, { at: at(moment), windowSeconds });

      it('counts each of those at once', async () => {
        const store = await emptyStore();

        const counts = await Promise.all(Array.from({ length: 4 }, () => refuse(store, 0)));

        expect(counts.toSorted()).toEqual([1, 2, 3, 4]);
      });

      it('does not show in the status', async () => {
        const store = await emptyStore();
        await refuse(store, 0);

        expect(await store.read(client)).toEqual({});
      });

      it('goes on for ten minutes', async () => {
        const store = await emptyStore();
        await refuse(store, 0);

        expect(await refuse(store, 599)).toBe(2);
      });

      it('remembers the window right before, where there were more', async () => {
        const store = await emptyStore();
        for (const moment of [0, 1, 2]) await refuse(store, moment);

        expect(await refuse(store, 600)).toBe(3);
        expect(await refuse(store, 601)).toBe(3);
      });

      it('forgets it another window later', async () => {
        const store = await emptyStore();
        for (const moment of [0, 1, 2]) await refuse(store, moment);
        await refuse(store, 600);

        expect(await refuse(store, 1200)).toBe(1);
      });

      it('forgets it after a silence of two windows', async () => {
        const store = await emptyStore();
        for (const moment of [0, 1, 2]) await refuse(store, moment);

        expect(await refuse(store, 1200)).toBe(1);
      });
    });
  });
}
