/** What a refresh counts: each fact once, by the provider and by words of a fixed list. */
import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionStore } from '../../../lib/broker/ports.ts';
import { at } from '../../support/connections.ts';
import {
  due,
  dueAt,
  granted,
  notSent,
  refreshWorld,
  refused,
  storeDown,
} from '../../support/refresh-world.ts';

type World = ReturnType<typeof refreshWorld>;

const fence = dueAt * 1000;
const provider = 'oauth2';
const down = () => Promise.reject(storeDown());
const once = (name: string, dimensions: object) => ({ name, value: 1, dimensions });
const withStore = ({ connections }: World, changes: Partial<ConnectionStore>) => ({
  connections: { ...connections, ...changes },
});
/** Somebody else has taken the connection while the provider was asked. */
const overtaken = (row: Connection): Connection => ({
  ...row,
  fence: fence + 7,
  lease: { owner: 'another', until: at(9000) },
});

describe('a refresh that is granted', () => {
  it('is counted once, with the provider and the outcome, and nothing else is', async () => {
    const world = refreshWorld();

    await world.refresh();

    expect(world.log.measured).toEqual([once('refresh', { provider, outcome: 'granted' })]);
  });

  it('is counted although its answer can be kept nowhere, and so is the loss', async () => {
    const world = refreshWorld();
    const over = { ...withStore(world, { commit: down }), recovery: { send: down } };

    await expect(world.refresh(due, over)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });

    expect(world.log.measured).toEqual([
      once('answer_lost', { provider }),
      once('refresh', { provider, outcome: 'granted' }),
    ]);
  });

  it('is counted as sent to recovery once the queue has it, however often it was tried', async () => {
    const world = refreshWorld();
    let tries = 0;
    const send = async () => {
      tries += 1;
      return tries < 3 ? down() : undefined;
    };

    await world.refresh(due, { ...withStore(world, { commit: down }), recovery: { send } });

    expect(tries).toBe(3);
    expect(world.log.measured).toEqual([
      once('refresh_sent_to_recovery', { provider }),
      once('refresh', { provider, outcome: 'granted' }),
    ]);
  });

  it.each([
    ['is heard of', 'done'],
    ['is not heard of', 'lost'],
  ] as const)('is counted as late once, where its late write %s', async (_, told) => {
    const world: World = refreshWorld({
      answers: () => {
        world.connections.put(overtaken(world.row()));
        return granted();
      },
    });
    let tries = 0;
    const commitLate: ConnectionStore['commitLate'] = async (...written) => {
      tries += 1;
      if (tries < 3) return down();
      await world.connections.commitLate(...written);
      return told;
    };

    await world.refresh(due, withStore(world, { commitLate }));

    expect(world.log.measured).toEqual([
      once('refresh_committed_late', { provider }),
      once('refresh', { provider, outcome: 'granted' }),
    ]);
  });
});

describe('a race', () => {
  it('that is lost is counted, and no call is', async () => {
    const world = refreshWorld();

    await world.refresh(due, withStore(world, { acquire: async () => 'lost' }));

    expect(world.calls).toEqual([]);
    expect(world.log.measured).toEqual([once('refresh_race_lost', { provider })]);
  });

  it('that is won although the store said otherwise is not counted', async () => {
    const world = refreshWorld();
    const acquire: ConnectionStore['acquire'] = async (input) => {
      await world.connections.acquire(input);
      return 'lost';
    };

    await world.refresh(due, withStore(world, { acquire }));

    expect(world.log.measured).toEqual([once('refresh', { provider, outcome: 'granted' })]);
  });

  it('that another attempt has won at the provider is counted as recovered, not as a death', async () => {
    const world: World = refreshWorld({
      answers: () => {
        world.connections.put({ ...world.row(), committedFence: fence + 7 });
        return refused;
      },
    });

    await world.refresh();

    expect(world.log.measured).toEqual([
      once('refresh', { provider, outcome: 'grant_refused' }),
      once('refresh_race_recovered', { provider }),
    ]);
  });
});

it('a death is counted by its reason', async () => {
  const world = refreshWorld({ answers: [refused] });

  await world.refresh();

  expect(world.log.measured).toEqual([
    once('refresh', { provider, outcome: 'grant_refused' }),
    once('reauthorization_required', { provider, reason: 'grant_dead' }),
  ]);
});

it('a failure is counted by its outcome, and what needs no call is not', async () => {
  const world = refreshWorld({ answers: [notSent] });

  await world.refresh();
  await world.refresh();

  expect(world.log.measured).toEqual([once('refresh', { provider, outcome: 'unavailable' })]);
});
