import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamodbConnectionStore } from '../../../lib/aws/dynamodb-connection-store.ts';
import { updateInput } from '../../../lib/aws/expression.ts';
import type { ConnectionStore } from '../../../lib/broker/ports.ts';
import { keyText } from '../../../lib/names.ts';
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

type Edit = (set: Readonly<Record<string, unknown>>) => Promise<unknown>;

/**
 * Two stores on one table. The first time that the slow one has read a row, the other's `between` is
 * done before the slow one goes on. `edit` writes attributes as no store does.
 */
async function racingStores(between: (other: ConnectionStore, edit: Edit) => Promise<unknown>) {
  const name = await dynalite.createTable(connectionsTable);
  const other = dynamodbConnectionStore({ client: dynalite.client, name, dueShards: 8 });
  const { endpoint, region, credentials } = dynalite.client.config;
  const client = new DynamoDBClient({ region, credentials, ...(endpoint && { endpoint }) });
  const edit: Edit = (set) => {
    const input = updateInput(name, keyText(aKey()), { change: { set } });
    return dynalite.client.send(new UpdateItemCommand(input));
  };
  let reads = 0;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (input) => {
        const answer = await next(input);
        if (commandName === 'GetItemCommand') {
          reads += 1;
          if (reads === 1) await between(other, edit);
        }
        return answer;
      },
    { step: 'initialize' },
  );
  const slow = dynamodbConnectionStore({ client, name, dueShards: 8 });
  return { other, edit, slow, reads: () => reads };
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

  it('leaves its own intent where a later attempt has begun, since that is in doubt too', async () => {
    const { other, slow } = await racingStores((store) => store.acquire(laterAcquisition));
    await leasedIn(other);

    expect(await slow.commitLate(aKey(), 2, without(aCommitted(), 'credential'))).toBe('done');

    expect(await readLive(other)).toMatchObject({
      committedFence: 2,
      intent: { fence: 2 },
      lease: { owner: 'worker-b' },
    });
  });

  it('is kept without a second look where a later attempt has failed', async () => {
    const { other, slow, reads } = await racingStores((store) =>
      store.fail(aKey(), 3, { failingSince: at(61), failures: 1, intentSettled: false }),
    );
    await overtakenIn(other);

    expect(await slow.commitLate(aKey(), 2, aCommitted())).toBe('done');

    expect(reads()).toBe(1);
    expect(await readLive(other)).toMatchObject({ state: 'active', failures: 0 });
  });

  it('schedules a connection that another late answer has brought back', async () => {
    const { other, slow } = await racingStores((store) =>
      store.commitLate(aKey(), 2, aCommitted()),
    );
    await overtakenIn(other);
    await markDead(other, 3, 'answer_lost');
    const answer = without(aCommitted({ committedFence: 3 }), 'credential');

    expect(await slow.commitLate(aKey(), 3, answer)).toBe('done');

    expect(await readLive(other)).toMatchObject({
      state: 'active',
      committedFence: 3,
      sealedCredential: 'sealed-credential-2',
      refreshAt: at(6000),
    });
  });
});

describe('a late answer whose row is edited by hand between its read and its write', () => {
  it.each([
    ['answer_lost', 'grant_dead', 'needs_reauth', undefined],
    ['grant_dead', 'answer_lost', 'active', at(6000)],
  ] as const)('from %s to %s ends as %s', async (before, reason, state, refreshAt) => {
    const { other, slow } = await racingStores((_, edit) => edit({ reason }));
    await overtakenIn(other);
    await markDead(other, 3, before);

    expect(await slow.commitLate(aKey(), 2, aCommitted())).toBe('done');

    const row = await readLive(other);
    expect(row).toMatchObject({ state, committedFence: 2 });
    expect(row.refreshAt).toBe(refreshAt);
  });

  it('keeps a connection on the schedule that is active again', async () => {
    const { other, slow } = await racingStores((_, edit) => edit({ state: 'active' }));
    await overtakenIn(other);
    await markDead(other, 3, 'grant_dead');

    await slow.commitLate(aKey(), 2, aCommitted());

    expect(await readLive(other)).toMatchObject({ state: 'active', refreshAt: at(6000) });
  });

  it('removes its own intent although that was not there at first', async () => {
    const intent = { fence: 2, at: at(0), credential_fence: 1 };
    const { other, slow } = await racingStores((_, edit) => edit({ intent }));
    await forgottenIn(other);
    await other.release(aKey(), 3);

    expect(await slow.commitLate(aKey(), 2, aCommitted())).toBe('done');

    expect(await readLive(other)).not.toHaveProperty('intent');
  });

  it('is lost to a deletion that kept every fence', async () => {
    const { other, slow } = await racingStores((_, edit) => edit({ state: 'revoked' }));
    await overtakenIn(other);
    await markDead(other, 3, 'grant_dead');

    expect(await slow.commitLate(aKey(), 2, aCommitted())).toBe('lost');
  });

  it.each([
    ['its own', 2],
    ['a newer', 3],
  ])('does not replace a credential of %s fence', async (_, credentialFence) => {
    const { other, slow } = await racingStores((_store, edit) =>
      edit({ credential_fence: credentialFence }),
    );
    await overtakenIn(other);

    expect(await slow.commitLate(aKey(), 2, aCommitted())).toBe('done');

    expect(await readLive(other)).toMatchObject({
      committedFence: 2,
      credentialFence,
      sealedCredential: 'sealed-credential-1',
    });
  });

  it('brings its credential after all where the one that was newer is gone', async () => {
    const { other, slow, edit } = await racingStores((_, editBetween) =>
      editBetween({ credential_fence: 1 }),
    );
    await overtakenIn(other);
    await edit({ credential_fence: 2 });

    expect(await slow.commitLate(aKey(), 2, aCommitted())).toBe('done');

    expect(await readLive(other)).toMatchObject({
      credentialFence: 2,
      sealedCredential: 'sealed-credential-2',
    });
  });
});
