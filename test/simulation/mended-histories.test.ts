/** Histories that chance has found to break a promise, told step by step. */
import { describe, expect, it } from 'vitest';
import { seconds } from '../../lib/time.ts';
import { swallow } from './history.ts';
import { aProvider, refreshDue, rowOf, tell } from './telling.ts';
import { watchedVend } from './vending.ts';
import { calm, type Weather } from './weather.ts';
import type { World } from './world.ts';

describe('a failure that is written after the lease', () => {
  /** Where nothing is in doubt, that alone would hold nobody back. */
  const freely = { providers: [aProvider('none')] };

  it('puts off a worker that has read the connection before (V3)', async () => {
    const history = await tell(async (world, functions) => {
      const { conditions, timeline, random } = world;
      conditions.schedulerSilent = true;
      await timeline.runUntil(560_000);
      let acquisitions = 0;
      world.weather.become({
        ...calm(random),
        conduct: () => ({ kind: 'rate_limited', retryAfterSeconds: 300 }),
        stallMs: (label) => {
          if (label === 'connections.acquire') acquisitions += 1;
          const isSecond = label === 'connections.acquire' && acquisitions === 2;
          return label === 'connections.fail' ? 70_000 : isSecond ? 4_000 : 0;
        },
      });
      refreshDue(world, functions);
      await timeline.runUntil(628_000);
      expect(rowOf(world).lease?.until).toBeLessThan(world.nowAt() - 5);
      refreshDue(world, functions);
      await timeline.runUntil(640_000);
      expect(acquisitions).toBe(2);
      expect(rowOf(world).refreshAt).toBeGreaterThan(world.nowAt() + 200);
      expect(world.faults.get('refreshes')).toBe(1);
    }, freely);

    expect(history.violations).toEqual([]);
    expect(history.verdicts).toEqual(['fresh']);
  });
});

describe('a worker that has no time left', () => {
  it('does not put off a caller who has read the connection before', async () => {
    const history = await tell(async (world, functions) => {
      const { conditions, timeline, random } = world;
      conditions.schedulerSilent = true;
      await timeline.runUntil(560_000);
      let acquisitions = 0;
      world.weather.become({
        ...calm(random),
        stallMs: (label) => {
          if (label !== 'connections.acquire') return 0;
          acquisitions += 1;
          return acquisitions === 1 ? 2_000 : 0;
        },
      });
      const { refreshAt = 0 as never, committedFence, client, connection } = rowOf(world);
      const key = { client, connection };
      const demand = { kind: 'demand', seenFence: committedFence } as const;
      const reply = functions.refresh({ key, cause: demand });
      swallow(functions.refresh({ key, cause: { kind: 'due', refreshAt }, remainingMs: 20_000 }));
      await timeline.runUntil(570_000);
      expect(acquisitions).toBe(2);
      expect(await reply).toMatchObject({ outcome: 'refreshed' });
    });

    expect(history.violations).toEqual([]);
    expect(history.verdicts).toEqual(['fresh']);
  });
});

describe('a wall clock that is set while a caller waits', () => {
  it.each([-300_000, 300_000])('by %d ms withholds no living token (I5)', async (leapMs) => {
    const history = await tell(
      async (world, functions) => {
        const { conditions, timeline, machines, random } = world;
        conditions.schedulerSilent = true;
        await timeline.runUntil(480_000);
        world.weather.become({
          ...calm(random),
          conduct: () => {
            for (const machine of machines) machine.skewMs = leapMs;
            return { kind: 'error_500', carriedOut: false };
          },
        });
        const { client, connection } = rowOf(world);
        const wanted = { minTtlSeconds: seconds(300), maxWaitSeconds: seconds(20) };
        const vending = watchedVend(world, functions, { client, connection, ...wanted });
        await timeline.runUntil(490_000);
        await vending;
        expect(world.faults.get('refreshes')).toBe(1);
      },
      { skewSeconds: 600 },
    );

    expect(history.violations).toEqual([]);
    expect(history.verdicts).toEqual(['fresh']);
  });
});

describe('a worker that is killed while it serves a caller', () => {
  it.each(['none', 'grace'] as const)(
    'is followed up without another (I6): rotation %s',
    async (kind) => {
      const providers = [aProvider(kind, { graceSeconds: 400, lifetimeSeconds: 3600 })];
      const history = await tell(
        async (world, functions) => {
          const { timeline, random } = world;
          await timeline.runUntil(300_000);
          const { committedFence: seenFence, client, connection } = rowOf(world);
          world.weather.become({
            ...calm(random),
            kills: (_, label, moment) => label === 'provider.token' && moment === 'before_hearing',
          });
          const key = { client, connection };
          swallow(functions.refresh({ key, cause: { kind: 'demand', seenFence } }));
          await timeline.runUntil(301_000);
          world.weather.become(calm(random));
          await timeline.runUntil(700_000);
          expect(rowOf(world).committedFence).toBeGreaterThan(seenFence);
        },
        { providers },
      );

      expect(history.violations).toEqual([]);
      expect(history.verdicts).toEqual(['fresh']);
    },
  );
});

describe('a worker of the schedule that is killed', () => {
  it.each([1, 2, 3])(
    'holds up its lane for less than a grace of 175 s (I6): seed %d',
    async (seed) => {
      const providers = [aProvider('grace', { graceSeconds: 175 })];
      const history = await tell(
        async (world) => {
          const { timeline, random, weather } = world;
          await timeline.runUntil(300_000);
          let kills = 0;
          weather.become({
            ...calm(random),
            kills: (_, label, moment) => {
              if (label !== 'provider.token' || moment !== 'before_hearing') return false;
              kills += 1;
              return kills === 1;
            },
          });
          const { committedFence } = rowOf(world);
          await timeline.runUntil(1200_000);
          expect(kills).toBeGreaterThan(1);
          expect(rowOf(world).committedFence).toBeGreaterThan(committedFence);
        },
        { seed, providers },
      );

      expect(history.violations).toEqual([]);
      expect(history.verdicts).toEqual(['fresh']);
    },
  );
});

describe('a grace', () => {
  const graceful = { providers: [aProvider('grace', { graceSeconds: 600 })] };
  /** The next answer is lost, and all after it are heard. */
  const onceCutOff = ({ random, timeline, faultSpans }: World): Weather => {
    let calls = 0;
    const conduct = () => {
      calls += 1;
      const nowMs = timeline.elapsedMs();
      if (calls === 1) faultSpans.push({ fromMs: nowMs, toMs: nowMs });
      return { kind: calls === 1 ? 'answer_cut_off' : 'prompt' } as const;
    };
    return { ...calm(random), conduct };
  };

  it('that begins when an older one is over saves the connection too (I6)', async () => {
    const history = await tell(async (world) => {
      const { conditions, timeline, weather, nowAt } = world;
      await timeline.runUntil(400_000);
      // Nobody can know that nothing is carried out.
      conditions.providerDown = true;
      await timeline.runUntil(1400_000);
      expect(rowOf(world).intent?.at).toBeLessThan(nowAt() - 600);
      conditions.providerDown = false;
      weather.become(onceCutOff(world));
      await timeline.runUntil(4 * 3600_000);
    }, graceful);

    expect(history.violations).toEqual([]);
    expect(history.verdicts).toEqual(['fresh']);
  });

  it('is used although the provider asks to slow down meanwhile (I6)', async () => {
    const history = await tell(async (world) => {
      const { timeline, weather, faultSpans, random } = world;
      await timeline.runUntil(400_000);
      let calls = 0;
      weather.become({
        ...calm(random),
        conduct: () => {
          calls += 1;
          const nowMs = timeline.elapsedMs();
          if (calls === 1) faultSpans.push({ fromMs: nowMs, toMs: nowMs });
          if (calls === 1) return { kind: 'answer_cut_off' };
          // The backoff of the tries that follow would be longer than what is left of the grace.
          return calls < 6 ? { kind: 'rate_limited', retryAfterSeconds: 5 } : { kind: 'prompt' };
        },
      });
      await timeline.runUntil(4 * 3600_000);
      expect(calls).toBeGreaterThan(6);
    }, graceful);

    expect(history.violations).toEqual([]);
    expect(history.verdicts).toEqual(['fresh']);
  });

  it.each([
    ['is lost to a second fault that lasts as long', true, 'unavoidable_loss'],
    ['counts as lost by us where there is no such fault', false, 'avoidable_loss'],
  ])('%s', async (_, isFault, verdict) => {
    const history = await tell(async (world) => {
      const { conditions, timeline, weather, faultSpans } = world;
      await timeline.runUntil(400_000);
      weather.become(onceCutOff(world));
      while (rowOf(world).intent === undefined) await timeline.runUntil(timeline.elapsedMs() + 10);
      conditions.schedulerSilent = true;
      if (isFault) faultSpans.push({ fromMs: 100_000, toMs: 1300_000 });
      await timeline.runUntil(1300_000);
    }, graceful);

    expect(history.verdicts).toEqual([verdict]);
  });
});
