import { describe, expect, it } from 'vitest';
import type { ConnectionStore } from '../../lib/broker/ports.ts';
import { aKey, aPendingConnection, aStoredToken, at } from '../support/connections.ts';

/** The promises of `ConnectionStore` about grants that await their confirmation. */
export function pendingConnectionsContract(
  name: string,
  emptyStore: () => Promise<ConnectionStore>,
): void {
  describe(`ConnectionStore, grants to be confirmed: ${name}`, () => {
    it('gives such a grant to one of a hundred, as it was held', async () => {
      const store = await emptyStore();
      const pending = aPendingConnection({
        allowAccountSwitch: true,
        keptFrom: 7,
        token: aStoredToken({ warning: { code: 'renewal_expiring', since: at(1) } }),
      });
      await store.holdPending(pending);

      const taken = await Promise.all(
        Array.from({ length: 100 }, () => store.takePending(pending.completionHash, at(1))),
      );

      expect(taken.filter((grant) => grant !== undefined)).toEqual([pending]);
    });

    it('gives it one second before its end, and not at its end', async () => {
      const store = await emptyStore();
      await store.holdPending(aPendingConnection({ expiresAt: at(600) }));

      expect(await store.takePending('c'.repeat(64), at(600))).toBeUndefined();
      expect(await store.takePending('c'.repeat(64), at(599))).toBeDefined();
    });

    it('shows it until its end to whoever reads it, and keeps it', async () => {
      const store = await emptyStore();
      const pending = aPendingConnection({ expiresAt: at(600) });
      await store.holdPending(pending);

      expect(await store.readPending(pending.completionHash, at(599))).toEqual(pending);
      expect(await store.readPending(pending.completionHash, at(599))).toEqual(pending);
      expect(await store.readPending(pending.completionHash, at(600))).toBeUndefined();
      await store.takePending(pending.completionHash, at(1));
      expect(await store.readPending(pending.completionHash, at(1))).toBeUndefined();
    });

    it('gives nothing for an unknown completion', async () => {
      const store = await emptyStore();

      expect(await store.takePending('e'.repeat(64), at(0))).toBeUndefined();
    });

    it('neither reads, lists nor schedules a grant that is not confirmed', async () => {
      const store = await emptyStore();
      await store.holdPending(aPendingConnection());
      const { client } = aKey();

      const listed = await store.listByClient({ client, limit: 10 });
      const due = await Promise.all(
        Array.from({ length: 8 }, (_, shard) =>
          store.listDue({ shard, now: at(99_999), limit: 10 }),
        ),
      );

      expect(await store.read(aKey())).toBeUndefined();
      expect(listed.connections).toEqual([]);
      expect(due.flatMap((page) => page.due)).toEqual([]);
    });
  });
}
