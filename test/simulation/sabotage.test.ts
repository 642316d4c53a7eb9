/** The simulation can fail: over a store that is not as strict as promised, it does. */
import { describe, expect, it } from 'vitest';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import type { MemoryConnectionStore } from '../support/memory-connection-store.ts';
import { without } from '../support/without.ts';
import { type History, runHistory, swallow } from './history.ts';
import { settingsOf, storm } from './storm.ts';
import type { Invariant } from './watch.ts';
import { calm } from './weather.ts';
import type { WorldSettings } from './world.ts';

type Sabotage = NonNullable<WorldSettings['sabotage']>;

const mostSeeds = 600;

/** Runs storms over a sabotaged store until this promise is broken. */
async function firstSeedThatBreaks(
  invariant: Invariant,
  sabotage: Sabotage,
): Promise<number | undefined> {
  for (let seed = 1; seed <= mostSeeds; seed += 1) {
    const { violations } = await runHistory(settingsOf(seed, { sabotage }), storm);
    if (violations.some((found) => found.invariant === invariant)) return seed;
  }
  return undefined;
}

const liveRow = (store: MemoryConnectionStore, key: ConnectionKey) => {
  const row = store.rows.get(keyText(key));
  return row && row.state !== 'revoked' ? row : undefined;
};

/** One worker stands still before a write of its answer, until another has written its own. */
function outliveLease(stalling: string, sabotage: Sabotage): Promise<History> {
  const provider = { rotationClass: 'none', graceSeconds: 0, lifetimeSeconds: 600 } as const;
  const settings: WorldSettings = {
    seed: 1,
    machines: 2,
    skewSeconds: 0,
    providers: [{ ...provider, endsGrantOnReuse: false, connections: 1 }],
    sabotage,
  };
  return runHistory(settings, async (world, functions) => {
    const stalls = [80_000];
    world.conditions.schedulerSilent = true;
    await world.timeline.runUntil(570_000);
    world.weather.become({
      ...calm(world.random),
      stallMs: (label) => (label === stalling ? (stalls.shift() ?? 0) : 0),
    });
    const [row] = world.stores.connectionRows.values();
    if (row?.state === 'revoked' || row?.refreshAt === undefined) throw new Error('nothing is due');
    const { refreshAt, client, connection } = row;
    const ask = { key: { client, connection }, cause: { kind: 'due', refreshAt } } as const;
    swallow(functions.refresh(ask));
    await world.timeline.runUntil(640_000);
    const seenFence = Number.MAX_SAFE_INTEGER;
    swallow(functions.refresh({ ...ask, cause: { kind: 'demand', seenFence } }));
    await world.timeline.runUntil(680_000);
    expect(world.faults.get('refreshes')).toBe(2);
  });
}

describe('the simulation', () => {
  it('finds a lost update when the store ignores fences as it keeps answers', async () => {
    const honest = await outliveLease('connections.commit', {});
    const sabotaged = await outliveLease('connections.commit', {
      connections: (store) => ({
        ...store,
        commit: async (key, fence, answer) => {
          const row = liveRow(store, key);
          if (!row) return 'lost';
          store.put({ ...row, fence, ...without(answer, 'credential') });
          return 'done';
        },
      }),
    });

    expect(honest.violations).toEqual([]);
    expect(sabotaged.violations.map(({ invariant }) => invariant)).toContain('I3');
  });

  it('finds two calls at once when the store gives a lease that another holds', async () => {
    const found = await firstSeedThatBreaks('I2', {
      connections: (store) => ({
        ...store,
        acquire: async (input) => {
          const row = liveRow(store, input.key);
          if (!row) return 'lost';
          store.put(without(row, 'lease'));
          return store.acquire({
            ...input,
            seen: row,
            fence: Math.max(input.fence, row.fence + 1),
          });
        },
      }),
    });

    expect(found).toBeDefined();
  });

  it('finds a spent token sent again when the intent of a lost attempt is forgotten', async () => {
    const found = await firstSeedThatBreaks('I6', {
      connections: (store) => ({
        ...store,
        acquire: async (input) => {
          const ending = store.acquire(input);
          const row = liveRow(store, input.key);
          if (row) store.put(without(row, 'intent'));
          return ending;
        },
      }),
    });

    expect(found).toBeDefined();
  });

  it('finds an older token over a newer one when publishing compares nothing', async () => {
    const honest = await outliveLease('tokens.publish', {});
    const sabotaged = await outliveLease('tokens.publish', {
      tokens: (store) => ({
        ...store,
        publish: async (token) => {
          store.put(token);
          return 'done';
        },
      }),
    });

    expect(honest.violations).toEqual([]);
    expect(sabotaged.violations.map(({ invariant }) => invariant)).toContain('I3');
  });

  it('finds an answer kept twice when a late one is not compared with what is there', async () => {
    const found = await firstSeedThatBreaks('I3', {
      connections: (store) => ({
        ...store,
        commitLate: async (key, fence, answer) => {
          const row = liveRow(store, key);
          if (!row) return 'lost';
          store.put({ ...row, ...without(answer, 'credential'), committedFence: fence });
          return 'done';
        },
      }),
    });

    expect(found).toBeDefined();
  });
});
