/** Histories that chance would seldom find, told step by step. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../lib/time.ts';
import { swallow } from './history.ts';
import { aProvider, downOnceAnswered, refreshDue, rowOf, tell } from './telling.ts';
import { calm } from './weather.ts';
import type { World } from './world.ts';

describe('a provider that answers too late', () => {
  it.each([12_000, 40_000, 44_900, 45_100, 70_000])(
    'after %d ms is sent nothing twice',
    async (latencyMs) => {
      const history = await tell(async (world, functions) => {
        world.conditions.schedulerSilent = true;
        await world.timeline.runUntil(560_000);
        world.weather.become({
          ...calm(world.random),
          conduct: () => ({ kind: 'slow', latencyMs, carriedOut: 'first' }),
        });
        const { client, connection } = rowOf(world);
        const request = {
          client,
          connection,
          minTtlSeconds: seconds(300),
          maxWaitSeconds: seconds(20),
        };
        for (let vend = 0; vend < 20; vend += 1) swallow(functions.vend(request));
        await world.timeline.runUntil(650_000);
        expect(world.faults.get('refreshes')).toBe(1);
      });

      expect(history.violations).toEqual([]);
      expect(history.verdicts).toEqual([latencyMs < 45_000 ? 'fresh' : 'unavoidable_loss']);
    },
  );
});

describe('a store that is down when the answer comes', () => {
  it.each([
    ['connections', 60],
    ['connections', 120],
    ['connections', 900],
    ['tokens', 120],
  ] as const)('loses nothing: %s for %d s', async (down, downSeconds) => {
    const history = await tell(async (world, functions) => {
      const { conditions, timeline } = world;
      conditions.schedulerSilent = true;
      await timeline.runUntil(560_000);
      world.weather.become(downOnceAnswered(world, down));
      refreshDue(world, functions);
      await timeline.runUntil(560_000 + downSeconds * 1000);
      expect(functions.recoveries.sent).toHaveLength(1);
    });

    expect(history.violations).toEqual([]);
    expect(history.verdicts).toEqual(['fresh']);
  });
});

describe('an answer that is recovered after a later one was lost', () => {
  it('does not hide that loss', async () => {
    const history = await tell(
      async (world, functions) => {
        const { conditions, timeline } = world;
        conditions.schedulerSilent = true;
        await timeline.runUntil(560_000);
        world.weather.become(downOnceAnswered(world, 'connections'));
        refreshDue(world, functions);
        await timeline.runUntil(720_000);
        // The second attempt's answer is lost while the first one's waits in the recovery queue.
        conditions.down = undefined;
        world.weather.become({
          ...downOnceAnswered(world, 'connections'),
          conduct: () => ({ kind: 'answer_cut_off' }),
        });
        refreshDue(world, functions);
        await timeline.runUntil(760_000);
        conditions.down = 'connections';
        await timeline.runUntil(1060_000);
        conditions.down = undefined;
        refreshDue(world, functions);
        await timeline.runUntil(1080_000);
      },
      { providers: [aProvider('sometimes', { rotatesFromMs: 700_000 })] },
    );

    expect(history.violations).toEqual([]);
    expect(history.verdicts).toEqual(['unavoidable_loss']);
  });
});

describe('one that is ill among many', () => {
  it('a provider that hangs on every call delays no other client (V2)', async () => {
    const latest: number[] = [];
    const history = await tell(
      async (world) => {
        world.weather.become({
          ...calm(world.random),
          conduct: (key) =>
            key.startsWith('client-0/')
              ? { kind: 'slow', latencyMs: 50_000, carriedOut: 'last' }
              : { kind: 'prompt' },
        });
        for (let minute = 1; minute < 60; minute += 1) {
          await world.timeline.runUntil(minute * 60_000);
          latest.push(...[4, 5, 6, 7].map((index) => overdueSeconds(world, index)));
        }
      },
      {
        providers: [aProvider('none', { connections: 4 }), aProvider('strict', { connections: 4 })],
      },
    );

    expect(Math.max(...latest)).toBeLessThanOrEqual(60);
    expect(history.violations).toEqual([]);
    expect(new Set(history.verdicts)).toEqual(new Set(['fresh']));
  });

  it('a credential that does not open leaves the others alone (V2)', async () => {
    const history = await tell(
      async (world) => {
        const { sealedCredential = '' } = rowOf(world, 0);
        world.stores.poison({ ...rowOf(world, 0), sealedCredential: 'altered' });
        await world.timeline.runUntil(3600_000);
        expect(overdueSeconds(world, 1)).toBeLessThanOrEqual(60);
        expect(rowOf(world, 0).state).toBe('active');
        world.stores.poison({ ...rowOf(world, 0), sealedCredential });
      },
      { providers: [aProvider('strict', { connections: 2 })] },
    );

    expect(history.violations).toEqual([]);
    expect(history.verdicts).toEqual(['fresh', 'fresh']);
  });
});

/** By how much a connection is past its moment; zero when it is not. */
function overdueSeconds(world: World, index: number): number {
  return Math.max(0, world.nowAt() - (rowOf(world, index).refreshAt ?? Number.POSITIVE_INFINITY));
}
