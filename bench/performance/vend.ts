import { type ConnectionName, connectAll } from '../stack/callers.ts';
import type { Child } from '../stack/child.ts';
import type { Measurement } from '../stack/measure-invocations.ts';
import { type Stack, startStack } from '../stack/start-stack.ts';
import { nowSeconds } from '../stack/waiting.ts';
import type { Figure } from './figure.ts';
import {
  describeInvocations,
  describeTimes,
  measureAllocated,
  measureOnce,
} from './invocation-figures.ts';
import { type Measure, type Measuring, repeat } from './measure.ts';

/** More than a process of `vend` remembers: taken in turn, none of them is remembered. */
const mostRemembered = 1000;
const storedCount = mostRemembered + 200;

interface Scale {
  /** Invocations in one run that need nothing of a store, or one read of it. */
  readonly cached: number;
  readonly uncached: number;
  readonly refreshed: number;
}

/** What vending a token takes: from memory, from the store, and with a refresh before it. */
export const vend: Measure = async function* (measuring) {
  const { build, quick, tell } = measuring;
  const scale: Scale = quick
    ? { cached: 1000, uncached: storedCount, refreshed: 10 }
    : { cached: 20_000, uncached: 2 * storedCount, refreshed: 100 };
  const stack = await startStack(build, { clients: ['vended'] });
  try {
    tell('connections are made');
    const stored = listNames('stored', storedCount);
    const connections = await stack.start({ key: 'connections', count: 2 });
    await connectAll(stack, connections, { names: stored, expiresAt: nowSeconds() + 36_000 });
    yield await measureWarm(stack, measuring, { stored, scale });
    tell('with a refresh in line');
    yield await measureRefreshed(stack, measuring, { connections, scale });
  } finally {
    await stack.close();
  }
};

function listNames(kind: string, count: number): readonly ConnectionName[] {
  return Array.from({ length: count }, (_, index) => ({
    client: 'vended',
    connection: `${kind}-${index}`,
  }));
}

async function measureWarm(
  stack: Stack,
  { runs, tell }: Measuring,
  { stored, scale }: { readonly stored: readonly ConnectionName[]; readonly scale: Scale },
): Promise<readonly Figure[]> {
  const vending = await stack.start({ key: 'vend', count: 2 });
  const [empty] = await stack.start({ key: 'empty-handler', count: 1 });
  const [bare] = await stack.start({ key: 'bare-get-item', count: 1 });
  const [first] = vending;
  const cached: Measurement = { events: stored.slice(0, 1), times: scale.cached };
  const uncached: Measurement = { events: stored, times: scale.uncached };
  const kinds = [
    { name: 'vend.empty_handler', worker: empty, measurement: cached },
    { name: 'vend.cached', worker: first, measurement: cached, floor: 'vend.empty_handler' },
    { name: 'vend.bare_get_item', worker: bare, measurement: uncached },
    { name: 'vend.uncached', worker: first, measurement: uncached, floor: 'vend.bare_get_item' },
  ];
  const figures: Figure[] = [];
  for (const kind of kinds) {
    tell(kind.name);
    figures.push(...(await describeInvocations(kind, runs)));
  }
  tell('on one process, and on two');
  const at = { runs, vending };
  return [
    ...figures,
    ...(await measureThroughput('cached', async () => cached, at)),
    ...(await measureThroughput('uncached', async () => uncached, at)),
  ];
}

/** @param prepare - makes what one process is asked in one run. */
async function measureThroughput(
  kind: string,
  prepare: () => Promise<Measurement>,
  { runs, vending }: { readonly runs: number; readonly vending: readonly Child[] },
): Promise<readonly Figure[]> {
  const measureOn = (workers: readonly Child[]) =>
    repeat(runs, async () => {
      const asked = await Promise.all(
        workers.map(async (worker) => ({ worker, measurement: await prepare() })),
      );
      const parts = await Promise.all(
        asked.map(({ worker, measurement }) => measureOnce(worker, measurement)),
      );
      return parts.reduce((sum, { per_second: each }) => sum + each, 0);
    });
  // Once before, so that the processes are warm.
  await measureOn(vending);
  const one = `vend.${kind}.throughput_of_one_process`;
  return [
    { figure: one, unit: 'per_second', runs: await measureOn(vending.slice(0, 1)) },
    {
      figure: `vend.${kind}.throughput_of_two_processes`,
      ...{ unit: 'per_second', runs: await measureOn(vending), floors: [one] },
    },
  ];
}

/** Each connection's token has ended, and is asked for once: every run has others. */
async function measureRefreshed(
  stack: Stack,
  { runs }: Measuring,
  { connections, scale }: { readonly connections: readonly Child[]; readonly scale: Scale },
): Promise<readonly Figure[]> {
  await stack.start({ key: 'refresh', count: 1, pool: 'evergrant-local-refresh' });
  const vending = await stack.start({ key: 'vend', count: 2 });
  const [worker] = vending;
  const name = 'vend.with_refresh';
  const { refreshed: times } = scale;
  let lots = 0;
  const prepare = async (): Promise<Measurement> => {
    lots += 1;
    const events = listNames(`spent-${lots}`, times);
    await connectAll(stack, connections, { names: events, expiresAt: nowSeconds() - 1 });
    return { events, times };
  };
  await measureOnce(worker, await prepare());
  const parameters = { provider_latency_ms: 0, invocations_per_run: times };
  const measured = await repeat(runs, async () => measureOnce(worker, await prepare()));
  const allocated = await repeat(runs, async () => measureAllocated(worker, await prepare()));
  return [
    ...describeTimes({ name, measured, parameters }),
    { figure: `${name}.allocation`, unit: 'bytes', runs: allocated, parameters },
    ...(await measureThroughput('with_refresh', prepare, { runs, vending })),
  ];
}
