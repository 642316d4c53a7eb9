import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../lib/broker/ports.ts';
import { at } from '../../support/connections.ts';
import { interposed } from '../../support/interposed.ts';
import {
  demand,
  due,
  dueAt,
  granted,
  refreshWorld,
  storeDown,
} from '../../support/refresh-world.ts';
import { without } from '../../support/without.ts';

type World = ReturnType<typeof refreshWorld>;

/** The connections, whose row changes right before each lease is taken. */
function changingBeforeEach(
  { connections, row }: World,
  ...changes: readonly (Partial<Connection> | undefined)[]
) {
  const tries: number[] = [];
  const store = interposed(connections, async (method, call) => {
    if (method !== 'acquire') return call();
    const change = changes[tries.length];
    tries.push(tries.length);
    if (change) connections.put({ ...row(), ...change });
    return call();
  });
  return { tries, store };
}

const putOff = { refreshAt: at(3300) };
const failed = { ...putOff, state: 'failing', failures: 1, failingSince: dueAt } as const;

describe('a connection that is put off after it was read', () => {
  it('is left alone where it was due', async () => {
    const world = refreshWorld();
    const { store } = changingBeforeEach(world, putOff);

    expect(await world.refresh(due, { connections: store })).toMatchObject({ outcome: 'fresh' });
    expect(world.calls).toEqual([]);
    expect(world.row()).toMatchObject({ fence: 1, ...putOff });
  });

  it('is left alone where that was a failure, and tells the caller until when', async () => {
    const world = refreshWorld();
    const { store } = changingBeforeEach(world, failed);

    expect(await world.refresh(demand, { connections: store })).toMatchObject({
      outcome: 'failing',
      retryAt: at(3300),
    });
    expect(world.calls).toEqual([]);
  });

  it('is refreshed for a caller where nothing has failed', async () => {
    const world = refreshWorld();
    const { store, tries } = changingBeforeEach(world, putOff);

    expect(await world.refresh(demand, { connections: store })).toMatchObject({
      outcome: 'refreshed',
    });
    expect(world.calls).toHaveLength(1);
    expect(tries).toHaveLength(2);
  });

  it('is leased for as long as any other', async () => {
    const leases: unknown[] = [];
    const world: World = refreshWorld({
      answers: () => {
        leases.push(world.row().lease?.until);
        return granted();
      },
    });
    const { store } = changingBeforeEach(world, putOff);

    await world.refresh(demand, { connections: store });

    expect(leases).toEqual([at(3030)]);
  });

  it('counts its failures from those that it has by then', async () => {
    const world = refreshWorld({ answers: [{ outcome: 'request_refused', error: 'other' }] });
    const before = { ...failed, refreshAt: at(2990), failures: 4 };
    const { store } = changingBeforeEach(world, before);

    await world.refresh(demand, { connections: store });

    expect(world.row()).toMatchObject({ state: 'failing', failures: 5 });
  });

  it('is looked at again once', async () => {
    const world = refreshWorld();
    const { store, tries } = changingBeforeEach(world, putOff, { refreshAt: at(3400) });

    expect(await world.refresh(demand, { connections: store })).toMatchObject({
      outcome: 'in_progress',
    });
    expect(world.calls).toEqual([]);
    expect(tries).toHaveLength(2);
  });

  it('is not refreshed where the store does not take the lease', async () => {
    const world = refreshWorld();
    const connections = interposed(world.connections, async (method, call) => {
      if (method !== 'acquire') return call();
      world.connections.put({ ...world.row(), ...putOff });
      throw storeDown();
    });

    await expect(world.refresh(demand, { connections })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(world.calls).toEqual([]);
  });
});

describe('an attempt that ends in silence', () => {
  /** The provider is asked, and nobody hears of it again. */
  const silenced = (row: Partial<Connection>) => {
    const world: World = refreshWorld({
      row,
      answers: () => {
        throw new Error('killed');
      },
    });
    return world.refresh(demand).then(
      () => undefined,
      () => world.row(),
    );
  };

  it('is looked at again when its lease is surely over, though nobody asks', async () => {
    const row = await silenced({ refreshAt: at(9000) });

    expect(row?.lease?.until).toBe(at(3030));
    expect(row?.refreshAt).toBe(at(3036));
  });

  it('stays due where it was', async () => {
    expect((await silenced({ refreshAt: dueAt }))?.refreshAt).toBe(dueAt);
  });
});

it.each([
  ['an attempt', { fence: dueAt * 1000 + 7 }],
  ['an answer', { committedFence: 2 }],
])('a connection that has seen %s since it was read is as it is found', async (_, change) => {
  const world = refreshWorld();
  const { store, tries } = changingBeforeEach(world, { ...putOff, ...change });

  expect(await world.refresh(demand, { connections: store })).toMatchObject({
    outcome: 'in_progress',
  });
  expect(tries).toHaveLength(1);
  expect(world.calls).toEqual([]);
});

it('a connection of no known moment that has died since it was read is a race that was lost', async () => {
  const world = refreshWorld();
  world.connections.put(without(world.row(), 'refreshAt'));
  const dead = { state: 'needs_reauth', reason: 'grant_dead' } as const;
  const { store } = changingBeforeEach(world, dead);

  expect(await world.refresh(demand, { connections: store })).toMatchObject({
    outcome: 'needs_reauth',
    reason: 'grant_dead',
  });
  expect(world.counted).toContain('refresh_race_lost');
});
