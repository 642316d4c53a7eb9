import { type ConnectionName, moveClocks } from '../stack/callers.ts';
import type { Child } from '../stack/child.ts';
import {
  connectDue,
  countFresh,
  refreshAll,
  type Schedule,
  startSchedule,
} from '../stack/due-connections.ts';
import { askJson } from '../stack/json-call.ts';
import type { Usage } from '../stack/measure-invocations.ts';
import { type Stack, startStack } from '../stack/start-stack.ts';
import { nowSeconds, pass } from '../stack/waiting.ts';
import type { Figure } from './figure.ts';
import { type Measure, repeat } from './measure.ts';

const clients = Array.from({ length: 50 }, (_, index) => `client-${index}`);

/** As many as may be with `refresh` at once by the event source, dealt out to two processes. */
const processes = 2;

/** Every token of a pass has ended by the next. */
const apartSeconds = 7200;
const limitSeconds = 600;

interface Scale {
  readonly due: number;
  readonly latencyMs: number;
  readonly runs: number;
}

/** From the first run of the schedule until all that was due is fresh. */
export const refresh: Measure = async function* ({ build, quick, runs, tell }) {
  const scales: readonly Scale[] = quick
    ? [{ due: 100, latencyMs: 100, runs }]
    : [
        ...[0, 100, 300].map((latencyMs) => ({ due: 1000, latencyMs, runs })),
        // Each takes as long as ten of the others, and differs less.
        { due: 10_000, latencyMs: 0, runs: 1 },
        { due: 10_000, latencyMs: 100, runs: 3 },
        { due: 10_000, latencyMs: 300, runs: 1 },
      ];
  for (const due of new Set(scales.map((scale) => scale.due))) {
    const stack = await startStack(build, { clients });
    try {
      tell(`${due} connections are made`);
      const names = await connectDue(stack, clients, due / clients.length);
      const schedule = await startSchedule(stack, build, { processes });
      const bench: Bench = { stack, schedule, names, passes: 0 };
      for (const scale of scales.filter((each) => each.due === due)) {
        tell(`they are refreshed, the provider answering after ${scale.latencyMs} ms`);
        yield await measureScale(bench, scale);
      }
      await schedule.stop();
    } finally {
      await stack.close();
    }
  }
};

interface Bench {
  readonly stack: Stack;
  readonly schedule: Schedule;
  readonly names: readonly ConnectionName[];
  /** How often all of them have been refreshed. */
  passes: number;
}

interface Pass {
  readonly seconds: number;
  /** Processor time of the processes of `refresh`, for one connection. */
  readonly cpuMs: number;
}

async function measureScale(
  bench: Bench,
  { due, latencyMs, runs }: Scale,
): Promise<readonly Figure[]> {
  for (const client of clients) {
    await bench.stack.provider.behave(client, {
      ...{ latency_ms: latencyMs, replaces: 'when_answering', expires_in: 3600 },
    });
  }
  // A process is slower at first, which a thousand of them would show and ten thousand do not.
  if (bench.passes === 0 && runs > 1) await passOnce(bench);
  const measured = await repeat(runs, () => passOnce(bench));
  const name = `refresh.${due}_due.provider_${latencyMs}_ms`;
  const parameters = {
    ...{ clients: clients.length, refresh_processes: processes, queue: bench.schedule.source },
    // What no figure can be under: so many at once, each waiting for the provider.
    least_seconds: (due * latencyMs) / 1000 / bench.schedule.source.maximumConcurrency,
    // Those that our own store was too slow for, which waited until they were visible again.
    messages_given_back: bench.schedule.givenBack(),
  };
  return [
    {
      figure: `${name}.until_fresh`,
      unit: 's',
      runs: measured.map((each) => each.seconds),
      parameters,
    },
    {
      figure: `${name}.cpu_of_refresh`,
      unit: 'ms',
      runs: measured.map((each) => each.cpuMs),
      parameters,
    },
  ];
}

/** Makes all of them due, and refreshes them. */
async function passOnce(bench: Bench): Promise<Pass> {
  const { stack, schedule, names } = bench;
  const aheadSeconds = bench.passes * apartSeconds;
  bench.passes += 1;
  await moveClocks(schedule.clocked, aheadSeconds);
  const cpuBefore = await readCpu(schedule.refreshing);
  const beganMs = performance.now();
  const perClient = names.length / clients.length;
  const wanted = { clients, perClient, runSeconds: 60, limitSeconds, pollSeconds: 0.05 };
  await refreshAll(stack.provider, schedule, wanted);
  while ((await countFresh(stack, names, nowSeconds() + aheadSeconds)) < names.length) {
    if (performance.now() - beganMs > limitSeconds * 1000) throw new Error('not all are fresh');
    await pass(0.05);
  }
  return {
    seconds: (performance.now() - beganMs) / 1000,
    cpuMs: ((await readCpu(schedule.refreshing)) - cpuBefore) / names.length,
  };
}

async function readCpu(workers: readonly Child[]): Promise<number> {
  const usages = await Promise.all(workers.map(({ url }) => askJson<Usage>(`${url}/usage`)));
  return usages.reduce((sum, { cpu_ms: each }) => sum + each, 0);
}
