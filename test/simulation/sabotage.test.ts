/** The simulation can fail: over a store that is not as strict as promised, it does. */
import { describe, expect, it } from 'vitest';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import type { MemoryConnectionStore } from '../support/memory-connection-store.ts';
import { without } from '../support/without.ts';
import { runHistory } from './history.ts';
import { settingsOf, storm } from './storm.ts';
import type { Invariant } from './watch.ts';
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

describe('the simulation', { timeout: 60_000 }, () => {
  it('finds a lost update when the store ignores fences as it keeps answers', async () => {
    const found = await firstSeedThatBreaks('I3', {
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

    expect(found).toBeDefined();
  });

  it('finds two calls at once when the store gives a lease that another holds', async () => {
    const found = await firstSeedThatBreaks('I2', {
      connections: (store) => ({
        ...store,
        acquire: async (input) => {
          const row = liveRow(store, input.key);
          if (!row) return 'lost';
          store.put(without(row, 'lease'));
          return store.acquire({ ...input, seen: row, fence: Math.max(input.fence, row.fence + 1) });
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
    const found = await firstSeedThatBreaks('I3', {
      tokens: (store) => ({
        ...store,
        publish: async (token) => {
          store.put(token);
          return 'done';
        },
      }),
    });

    expect(found).toBeDefined();
  });

  it('finds a death that is not proven when the fences of the dead are not compared', async () => {
    const found = await firstSeedThatBreaks('I6', {
      connections: (store) => ({
        ...store,
        markDead: async (key, _seen, death) => {
          const row = liveRow(store, key);
          return row ? store.markDead(key, row, death) : 'lost';
        },
      }),
    });

    expect(found).toBeDefined();
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
