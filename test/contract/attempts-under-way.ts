import type { ConnectionStore } from '../../lib/broker/ports.ts';
import { aKey, aNewConnection, at } from '../support/connections.ts';
import { anAcquisition } from './connection-attempts.ts';

/** What another worker writes when it finds that the lease of attempt 2 has ended. */
export const laterAcquisition = anAcquisition({
  seen: { fence: 2, committedFence: 1 },
  fence: 3,
  lease: { owner: 'worker-b', until: at(90) },
  now: at(60),
});

/** A store in which attempt 2 on a connection is under way. */
export async function leasedIn(store: ConnectionStore): Promise<ConnectionStore> {
  await store.connect(
    aNewConnection({ accountId: 'account-1', refreshTokenExpiresAt: at(9000) }),
    undefined,
  );
  await store.acquire(anAcquisition());
  return store;
}

/** A store in which attempt 2 took too long: attempt 3 holds the lease. */
export async function overtakenIn(store: ConnectionStore): Promise<ConnectionStore> {
  await leasedIn(store);
  await store.acquire(laterAcquisition);
  return store;
}

/** Marks the connection dead, as an attempt of this fence found it. */
export function markDead(
  store: ConnectionStore,
  fence: number,
  reason: 'answer_lost' | 'grant_dead',
): Promise<'done' | 'lost'> {
  return store.markDead(
    aKey(),
    { fence, committedFence: 1, credentialFence: 1 },
    { reason, since: at(70) },
  );
}
