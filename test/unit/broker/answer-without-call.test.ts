/** The borders of what is answered without asking the provider. */
import { describe, expect, it } from 'vitest';
import { at } from '../../support/connections.ts';
import { due, dueAt, refreshWorld } from '../../support/refresh-world.ts';
import { without } from '../../support/without.ts';

const failing = { state: 'failing', failures: 2, failingSince: at(2900) } as const;

describe('the wait after a failure', () => {
  it.each([
    ['a second before its end', 3001, 'failing'],
    ['at its end', 3000, 'refreshed'],
    ['after its end', 2999, 'refreshed'],
  ])('binds callers, %s', async (_, refreshAt, outcome) => {
    const world = refreshWorld({ row: { ...failing, refreshAt: at(refreshAt) } });

    expect(await world.refresh({ kind: 'demand', seenFence: 1 })).toMatchObject({ outcome });
  });

  it('does not bind the schedule, whose clock may be ahead', async () => {
    const refreshAt = at(3004);
    const world = refreshWorld({ row: { ...failing, refreshAt } });

    expect(await world.refresh({ kind: 'due', refreshAt })).toMatchObject({ outcome: 'refreshed' });
  });

  it('binds nobody where no attempt has failed: its time is only the schedule', async () => {
    const world = refreshWorld({ row: { refreshAt: at(4000) } });

    expect(await world.refresh({ kind: 'demand', seenFence: 1 })).toMatchObject({
      outcome: 'refreshed',
    });
  });
});

describe('a caller', () => {
  it('that has seen nothing is given the token that there is', async () => {
    const world = refreshWorld();

    expect(await world.refresh({ kind: 'demand' })).toMatchObject({
      outcome: 'fresh',
      token: { fence: 1 },
    });
    expect(world.calls).toEqual([]);
  });

  it('is not given a row without a token', async () => {
    const world = refreshWorld({ row: { fence: 2 } });
    world.tokens.put({ ...without(world.token(), 'sealed'), fence: 2 });

    expect(await world.refresh({ kind: 'demand', seenFence: 1 })).toMatchObject({
      outcome: 'refreshed',
    });
  });

  it('does not wait for the token that it has seen, however young that is', async () => {
    const world = refreshWorld({ row: { lastRefreshedAt: at(2990) } });

    expect(await world.refresh({ kind: 'demand', seenFence: 1 })).toMatchObject({
      outcome: 'refreshed',
    });
  });

  it('does not wait for the token that it has seen where an older one is stored', async () => {
    const world = refreshWorld({
      row: { fence: 5, lastRefreshedAt: at(2990) },
      token: { fence: 1 },
    });

    expect(await world.refresh({ kind: 'demand', seenFence: 5 })).toMatchObject({
      outcome: 'refreshed',
    });
  });

  it('does not wait for a token that is there and has ended, however young that is', async () => {
    const world = refreshWorld({
      row: { fence: 5, lastRefreshedAt: at(2990) },
      token: { fence: 5, expiresAt: dueAt },
    });

    expect(await world.refresh({ kind: 'demand', seenFence: 1 })).toMatchObject({
      outcome: 'refreshed',
    });
  });

  it.each([
    ['that has seen nothing', {}],
    ['that has seen an older one', { seenFence: 1 }],
  ])(
    '%s waits for the first token of a connection that is kept and not published',
    async (_, seen) => {
      const row = { fence: 2, lastRefreshedAt: at(2990) };
      const world = refreshWorld({ row, token: false });

      expect(await world.refresh({ kind: 'demand', ...seen })).toMatchObject({
        outcome: 'in_progress',
      });
      expect(world.calls).toEqual([]);
    },
  );
});

it('reads the token consistently', async () => {
  const world = refreshWorld();
  const reads: unknown[] = [];
  const tokens = {
    ...world.tokens,
    read: (...asked: Parameters<typeof world.tokens.read>) => {
      reads.push(asked[1]);
      return world.tokens.read(...asked);
    },
  };

  await world.refresh(due, { tokens });

  expect(reads).toEqual([true]);
});
