import { describe, expect, it } from 'vitest';
import type { ClientStore } from '../../lib/broker/ports.ts';
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
  });
}
