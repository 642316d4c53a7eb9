import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionStore } from '../../../lib/broker/ports.ts';
import { aTombstone } from '../../support/connections.ts';
import { due, dueAt, granted, refreshWorld, storeDown } from '../../support/refresh-world.ts';

type World = ReturnType<typeof refreshWorld>;

const fence = dueAt * 1000;
const down = async (): Promise<never> => {
  throw storeDown();
};
const withStore = (world: World, changes: Partial<ConnectionStore>) => ({
  connections: { ...world.connections, ...changes },
});
const overtaken = (row: Connection): Connection => ({ ...row, fence: fence + 7 });

describe('an answer', () => {
  it('that is silent on scope keeps what was granted before (RFC 6749 §5.1), in both tables', async () => {
    const world = refreshWorld({ row: { scope: 'read write' } });

    await world.refresh();

    expect(world.row().scope).toBe('read write');
    expect(world.token().scope).toBe('read write');
  });

  it('names the account that it is for', async () => {
    const answers = [granted('refresh-2', { accountId: 'account-2' })];
    const world = refreshWorld({ row: { accountId: 'account-1' }, answers });

    await world.refresh();

    expect(world.row().accountId).toBe('account-2');
  });

  it('that another has overtaken is answered with the newest token, or with none', async () => {
    const newer = { fence: fence + 7, committedFence: fence + 7, credentialFence: fence + 7 };
    const overtakenWith = async (token: { fence: number } | false) => {
      const world: World = refreshWorld({
        token,
        answers: () => {
          world.connections.put({ ...world.row(), ...newer });
          return granted();
        },
      });
      return world.refresh();
    };

    expect(await overtakenWith({ fence: 1 })).toMatchObject({
      outcome: 'fresh',
      token: { fence: 1 },
    });
    expect(await overtakenWith(false)).toEqual({ outcome: 'fresh', state: 'active' });
  });

  it.each([
    ['of a deleted connection', 'unknown_connection', () => aTombstone({ fence: fence + 7 })],
    [
      'that another has overtaken',
      'fresh',
      (row: Connection) => ({ ...overtaken(row), committedFence: fence + 7 }),
    ],
  ])('%s is not even tried as a late one', async (_which, outcome, meanwhile) => {
    const world: World = refreshWorld({
      answers: () => {
        world.connections.put(meanwhile(world.row()));
        return granted();
      },
    });
    const commitLate = () => Promise.reject(new Error('it was tried'));

    expect(await world.refresh(due, withStore(world, { commitLate }))).toMatchObject({ outcome });
    expect(world.counted).not.toContain('refresh_committed_late');
  });
});

describe('a late answer that the store says it did not take', () => {
  /** The lease is lost during the call; `commitLate` answers "lost" after `meanwhile`. */
  const lateAs = async (meanwhile: (world: World) => Promise<unknown>) => {
    const world: World = refreshWorld({
      answers: () => {
        world.connections.put(overtaken(world.row()));
        return granted();
      },
    });
    const commitLate: ConnectionStore['commitLate'] = async (...written) => {
      await meanwhile(world);
      await world.connections.commitLate(...written);
      return 'lost';
    };
    return { world, reply: await world.refresh(due, withStore(world, { commitLate })) };
  };

  it('is kept all the same when only the store’s own answer was lost', async () => {
    const { world, reply } = await lateAs(async () => undefined);

    expect(reply).toMatchObject({ outcome: 'refreshed', token: { fence } });
    expect(world.row()).toMatchObject({ committedFence: fence });
    expect(world.token()).toMatchObject({ fence });
  });

  it('gives way to a newer one', async () => {
    const { world, reply } = await lateAs(async ({ connections, row }) =>
      connections.put({ ...row(), committedFence: fence + 7, credentialFence: fence + 7 }),
    );

    expect(reply).toMatchObject({ outcome: 'fresh', token: { fence: 1 } });
    expect(world.row()).toMatchObject({ committedFence: fence + 7 });
    expect(world.token()).toMatchObject({ fence: 1 });
  });

  it('gives way to a deletion', async () => {
    const { world, reply } = await lateAs(async ({ connections }) =>
      connections.put(aTombstone({ fence: fence + 9 })),
    );

    expect(reply).toMatchObject({ outcome: 'unknown_connection' });
    expect(world.tokens.rows.get('acme/ann')).toMatchObject({ fence: 1 });
  });
});

describe('a store that takes nothing', () => {
  /** At which milliseconds of the attempt a commit was tried. */
  const triesWithin = async (leftMs: number) => {
    const world = refreshWorld();
    const startedMs = world.clock.monotonicMs();
    const tries: number[] = [];
    const commit = async () => {
      tries.push(world.clock.monotonicMs() - startedMs);
      return down();
    };
    await world.refresh(due, { ...withStore(world, { commit }), leftMs });
    return { world, tries };
  };

  it('is asked again after pauses that double up to a second', async () => {
    const { tries } = await triesWithin(60_000);

    const pauses = tries.slice(1).map((tried, index) => tried - (tries[index] ?? 0));
    expect(pauses.slice(0, 7)).toEqual([50, 100, 200, 400, 800, 1000, 1000]);
    expect(Math.max(...pauses)).toBe(1000);
  });

  it('is asked until four seconds before the end of the invocation, and at that very moment', async () => {
    // The sixth pause would end 2550 ms after the first try.
    expect((await triesWithin(16_550)).tries.slice(-2)).toEqual([11_550, 12_550]);
    expect((await triesWithin(16_549)).tries.slice(-2)).toEqual([11_550, 12_549]);
    expect((await triesWithin(16_551)).tries.slice(-2)).toEqual([12_550, 12_551]);
  });

  it('is counted, and called no loss once the recovery queue has the answer', async () => {
    const { world } = await triesWithin(60_000);

    expect(world.counted).toContain('refresh_sent_to_recovery');
    expect(world.recovery.sent).toHaveLength(1);
    expect(world.log.lines.map(({ event }) => event)).not.toContain('answer_lost');
  });
});
