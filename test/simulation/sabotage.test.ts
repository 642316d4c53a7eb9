/** The simulation can fail: with a store that is not as strict as promised, it does. */
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../lib/broker/ports.ts';
import { keyText } from '../../lib/names.ts';
import type { MemoryConnectionStore } from '../support/memory-connection-store.ts';
import type { MemoryTokenStore } from '../support/memory-token-store.ts';
import { runHistory } from './history.ts';
import { settingsOf, storm } from './storm.ts';
import type { Invariant } from './watch.ts';
import type { WorldSettings } from './world.ts';

type Sabotage = NonNullable<WorldSettings['sabotage']>;

const seeds = 150;

/** Runs storms over a sabotaged store until a promise is broken. */
async function brokenPromises(sabotage: Sabotage): Promise<ReadonlySet<Invariant>> {
  const broken = new Set<Invariant>();
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violations } = await runHistory(settingsOf(seed, { sabotage }), storm);
    for (const { invariant } of violations) broken.add(invariant);
  }
  return broken;
}

function liveRow(store: MemoryConnectionStore, key: Connection | Parameters<typeof keyText>[0]) {
  const row = store.rows.get(keyText(key));
  return row && row.state !== 'revoked' ? row : undefined;
}

describe('the simulation', () => {
  it('finds a lost update when the store ignores fences as it keeps answers', async () => {
    const broken = await brokenPromises({
      connections: (store) => ({
        ...store,
        commit: async (key, _fence, answer) => {
          const row = liveRow(store, key);
          return row ? store.commit(key, row.fence, answer) : 'lost';
        },
      }),
    });

    expect([...broken]).toContain('I3');
  });

  it('finds two calls at once when the store gives a lease that another holds', async () => {
    const broken = await brokenPromises({
      connections: (store) => ({
        ...store,
        acquire: async (input) => {
          const row = liveRow(store, input.key);
          if (row?.lease) await store.release(input.key, row.fence);
          return store.acquire(input);
        },
      }),
    });

    expect([...broken]).toContain('I2');
  });

  it('finds a spent token sent again when the intent of a lost attempt is forgotten', async () => {
    const broken = await brokenPromises({
      connections: (store) => ({
        ...store,
        acquire: async (input) => {
          const ending = await store.acquire(input);
          const row = liveRow(store, input.key);
          if (row?.intent) {
            const { intent: _forgotten, ...rest } = row;
            store.put(rest);
          }
          return ending;
        },
      }),
    });

    expect([...broken]).toContain('I6');
  });

  it('finds a deleted connection that comes back when tombstones hold nothing', async () => {
    const broken = await brokenPromises({
      tokens: (store: MemoryTokenStore) => ({
        ...store,
        publish: async (token) => {
          store.put(token);
          return 'done';
        },
      }),
    });

    expect([...broken]).toContain('I3');
  });

  it('finds a death that is not proven when the fences of the dead are not compared', async () => {
    const broken = await brokenPromises({
      connections: (store) => ({
        ...store,
        markDead: async (key, _seen, death) => {
          const row = liveRow(store, key);
          return row ? store.markDead(key, row, death) : 'lost';
        },
      }),
    });

    expect([...broken]).toContain('I6');
  });

  it('finds an answer kept twice when a late answer is not compared with what is there', async () => {
    const broken = await brokenPromises({
      connections: (store) => ({
        ...store,
        commitLate: async (key, fence, answer) => {
          const row = liveRow(store, key);
          if (!row) return 'lost';
          store.put({ ...row, committedFence: fence, lastRefreshedAt: answer.lastRefreshedAt });
          return 'done';
        },
      }),
    });

    expect([...broken].filter((one) => one === 'I3' || one === 'I11')).not.toEqual([]);
  });
});
