import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbConnectionStore } from '../../../lib/aws/dynamodb-connection-store.ts';
import type { ConnectionStore } from '../../../lib/broker/ports.ts';
import {
  laterAcquisition,
  leasedIn,
  markDead,
  overtakenIn,
} from '../../contract/attempts-under-way.ts';
import { readLive } from '../../contract/connection-attempts.ts';
import { aCommitted, aKey, aNewConnection, aTombstone, at } from '../../support/connections.ts';
import { type Dynalite, startDynalite } from '../../support/dynalite.ts';
import { connectionsTable } from '../../support/tables.ts';
import { without } from '../../support/without.ts';

let dynalite: Dynalite;
beforeAll(async () => {
  dynalite = await startDynalite();
});
afterAll(() => dynalite.close());

/**
 * Two stores on one table. The first time that the slow one has read a row, the other's `between` is
 * done before the slow one goes on.
 */
async function racingStores(between: (other: ConnectionStore) => Promise<unknown>) {
  const name = await dynalite.createTable(connectionsTable);
  const other = dynamodbConnectionStore({ client: dynalite.client, name, dueShards: 8 });
  const { endpoint, region, credentials } = dynalite.client.config;
  const client = new DynamoDBClient({ region, credentials, ...(endpoint && { endpoint }) });
  let hasRead = false;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (input) => {
        const answer = await next(input);
        if (commandName === 'GetItemCommand' && !hasRead) {
          hasRead = true;
          await between(other);
        }
        return answer;
      },
    { step: 'initialize' },
  );
  return { other, slow: dynamodbConnectionStore({ client, name, dueShards: 8 }) };
}

/** Attempt 2 gave its lease back, attempt 3 is under way: of attempt 2 nothing is left in the row. */
async function forgottenIn(store: ConnectionStore): Promise<void> {
  await leasedIn(store);
  await store.release(aKey(), 2);
  await store.acquire(laterAcquisition);
}

describe('a late answer whose row changes between its read and its write', () => {
  it('is lost when another delivery of it came first', async () => {
    const answer = without(aCommitted(), 'credential');
    const { other, slow } = await racingStores((store) =>
      store.commitLate(aKey(), 2, { ...answer, values: { delivery: 'first' } }),
    );
    await forgottenIn(other);

    expect(await slow.commitLate(aKey(), 2, answer)).toBe('lost');

    expect((await readLive(other)).values).toEqual({ delivery: 'first' });
  });

  it('is lost when a later attempt has committed', async () => {
    const { other, slow } = await racingStores((store) =>
      store.commit(aKey(), 3, aCommitted({ committedFence: 3 })),
    );
    await overtakenIn(other);

    expect(await slow.commitLate(aKey(), 2, aCommitted())).toBe('lost');

    expect(await readLive(other)).toMatchObject({ committedFence: 3, credentialFence: 3 });
  });

  it('is lost when the owner has connected again, or the connection was deleted', async () => {
    const reconnect = await racingStores((store) => store.connect(aNewConnection({ fence: 4 }), 3));
    await overtakenIn(reconnect.other);
    const remove = await racingStores((store) =>
      store.remove(aTombstone({ fence: 4 }), 3, at(600)),
    );
    await overtakenIn(remove.other);

    expect(await reconnect.slow.commitLate(aKey(), 2, aCommitted())).toBe('lost');
    expect(await remove.slow.commitLate(aKey(), 2, aCommitted())).toBe('lost');

    expect((await readLive(reconnect.other)).sealedCredential).toBe('sealed-credential-1');
    expect(await remove.other.read(aKey())).toEqual(aTombstone({ fence: 4 }));
  });

  it('brings back a connection that was marked for want of this answer', async () => {
    const { other, slow } = await racingStores((store) => markDead(store, 3, 'answer_lost'));
    await forgottenIn(other);

    expect(await slow.commitLate(aKey(), 2, aCommitted())).toBe('done');

    const row = await readLive(other);
    expect(row).toMatchObject({ state: 'active', committedFence: 2, refreshAt: at(6000) });
    expect(row).not.toHaveProperty('reason');
  });

  it('does not bring back a connection whose grant has died', async () => {
    const { other, slow } = await racingStores((store) => markDead(store, 3, 'grant_dead'));
    await forgottenIn(other);

    expect(await slow.commitLate(aKey(), 2, aCommitted())).toBe('done');

    const row = await readLive(other);
    expect(row).toMatchObject({ state: 'needs_reauth', reason: 'grant_dead', committedFence: 2 });
    expect(row).not.toHaveProperty('refreshAt');
  });

  it('leaves the intent that another attempt has written', async () => {
    const { other, slow } = await racingStores(async (store) => {
      await store.release(aKey(), 2);
      await store.acquire(laterAcquisition);
    });
    await leasedIn(other);

    expect(await slow.commitLate(aKey(), 2, aCommitted())).toBe('done');

    expect(await readLive(other)).toMatchObject({
      committedFence: 2,
      intent: { fence: 3 },
      lease: { owner: 'worker-b' },
    });
  });
});
