/**
 * Kills refreshing processes: one process, one connection, one kill.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import { systemClock } from '../../lib/time.ts';
import {
  type ConnectionName,
  connectAll,
  readFence,
  refresh,
  type Vend,
  vend,
  type Workers,
} from '../stack/callers.ts';
import type { Child } from '../stack/child.ts';
import { inParallel } from '../stack/in-parallel.ts';
import type { Stack } from '../stack/start-stack.ts';
import { describeValues } from '../stack/statistics.ts';
import { nowSeconds } from '../stack/waiting.ts';

/** When the refreshing process is killed, and how often. */
export interface KillClass {
  readonly name: string;
  readonly times: number;
  /** Milliseconds after the provider's answer went out; undefined: at a random moment. */
  readonly afterMs?: number;
  /** How many refreshes the process has done before: the compiler makes it faster with each. */
  readonly refreshesBefore: number;
  /** How long it has done nothing since: its code has to be fetched from further away then. */
  readonly restMs?: number;
  /** How many may be lost at most; undefined: whatever the provider has replaced unheard. */
  readonly mostLost?: number;
}

export interface Trial {
  readonly name: ConnectionName;
  readonly kind: KillClass;
}

export interface TrialOptions {
  readonly client: string;
  /** Its connections are refreshed to warm processes up. */
  readonly warmClient: string;
  /** Settings of the processes that are killed. */
  readonly settings: Readonly<Record<string, string>>;
  /** Life of the access token of every second connection; the others' are over. */
  readonly lifeSeconds: number;
  /** How long a caller waits. */
  readonly waitSeconds: number;
  /** The address of the store, for the processes that are killed. */
  readonly storeUrl: string;
  /** How many refreshes are measured, to know what a random moment of one is. */
  readonly measuredRefreshes: number;
  readonly tell: (next: string) => void;
}

const batchSize = 10;

export function listTrials(client: string, classes: readonly KillClass[]): readonly Trial[] {
  return classes.flatMap((kind) =>
    Array.from({ length: kind.times }, (_, index) => {
      const connection = `${kind.name.replaceAll(/\W+/g, '-')}-${index}`;
      return { kind, name: { client, connection } };
    }),
  );
}

/**
 * Kills one process per trial. Callers ask for the connections of each batch right after it.
 *
 * @returns what the callers were answered, how long a refresh takes when nobody is killed, and when the
 *   first one began.
 */
export async function runTrials(
  stack: Stack,
  trials: readonly Trial[],
  { workers, options }: { readonly workers: Workers; readonly options: TrialOptions },
): Promise<{
  readonly vends: readonly Vend[];
  readonly refreshMs: number;
  readonly sinceMs: number;
}> {
  await connectTrials(stack, trials, { workers, options });
  const refreshMs = await measureRefresh(stack, workers, options);
  const sinceMs = performance.now();
  const vends: Vend[] = [];
  const ask = async (batch: readonly Trial[]) => {
    const asked = batch.flatMap(({ name }) =>
      workers.vending.map((worker) => vend(worker, name, options.waitSeconds)),
    );
    vends.push(...(await Promise.all(asked)));
  };
  let asking = Promise.resolve();
  for (let start = 0; start < trials.length; start += batchSize) {
    const batch = trials.slice(start, start + batchSize);
    options.tell(`${start} of ${trials.length} killed; next: ${batch[0]?.kind.name}`);
    // Started and asked side by side; they work and are killed one by one, with nothing beside.
    const [victims] = await Promise.all([startVictims(stack, batch, options), asking]);
    for (const [index, trial] of batch.entries()) {
      const victim = victims[index];
      if (!victim) continue;
      await work(stack, trial, { victim, options });
      await kill(stack, trial, { victim, refreshMs });
    }
    asking = ask(batch);
  }
  await asking;
  return { vends, refreshMs, sinceMs };
}

async function connectTrials(
  stack: Stack,
  trials: readonly Trial[],
  given: { readonly workers: Workers; readonly options: TrialOptions },
): Promise<void> {
  const { workers, options } = given;
  const now = nowSeconds();
  const names = trials.map(({ name }) => name);
  const spent = [
    ...names.filter((_, index) => index % 2 === 0),
    ...names.map((name) => warmUpOf(name, options)),
    ...measured(options),
  ];
  const alive = names.filter((_, index) => index % 2 === 1);
  await connectAll(stack, workers.connections, { names: spent, expiresAt: now - 1 });
  const expiresAt = now + options.lifeSeconds;
  await connectAll(stack, workers.connections, { names: alive, expiresAt });
}

/** The connection that a trial's process refreshes before. */
function warmUpOf({ connection }: ConnectionName, { warmClient }: TrialOptions): ConnectionName {
  return { client: warmClient, connection: `warm-${connection}` };
}

function measured({ client, measuredRefreshes }: TrialOptions): readonly ConnectionName[] {
  return Array.from({ length: measuredRefreshes }, (_, index) => ({
    client,
    connection: `measured-${index}`,
  }));
}

/** How long a refresh takes in a process that has done some, in milliseconds. */
async function measureRefresh(
  stack: Stack,
  { refreshing }: Workers,
  options: TrialOptions,
): Promise<number> {
  const spans = await inParallel(measured(options), 1, async (name) => {
    const fence = await readFence(stack, name);
    const beganMs = performance.now();
    await refresh(refreshing[0], name, fence);
    return performance.now() - beganMs;
  });
  return describeValues(spans.slice(options.measuredRefreshes / 2))?.p50 ?? 0;
}

async function startVictims(
  stack: Stack,
  batch: readonly Trial[],
  options: TrialOptions,
): Promise<readonly Child[]> {
  const { settings, storeUrl } = options;
  // Two at a time, so that the callers meanwhile are not starved.
  return inParallel(batch, 2, async () => {
    const [victim] = await stack.start({ key: 'refresh', count: 1, settings, storeUrl });
    if (!victim) throw new Error('no process was started');
    return victim;
  });
}

/** Has the process refresh as often as it is to have done before. */
async function work(
  stack: Stack,
  { kind, name }: Trial,
  { victim, options }: { readonly victim: Child; readonly options: TrialOptions },
): Promise<void> {
  const other = warmUpOf(name, options);
  for (let count = 0; count < kind.refreshesBefore; count += 1) {
    await refresh(victim, other, await readFence(stack, other));
  }
  await systemClock.sleep(kind.restMs ?? 0);
}

/** Lets the process refresh, and kills it while it does. */
async function kill(
  { provider, ...stack }: Stack,
  { kind, name }: Trial,
  { victim, refreshMs }: { readonly victim: Child; readonly refreshMs: number },
): Promise<void> {
  const { afterMs } = kind;
  const fence = await readFence({ provider, ...stack }, name);
  if (afterMs !== undefined) {
    const { connection: family } = name;
    await provider.killAfterAnswer({ family, pid: victim.pid, after_ms: afterMs });
    await refresh(victim, name, fence);
    // It may have answered already. A refresh that never came to an answer is killed below.
    await Promise.race([victim.ended, systemClock.sleep(afterMs + 500)]);
    await provider.spare(family);
  } else {
    const refreshed = refresh(victim, name, fence);
    await systemClock.sleep(randomInt(Math.ceil(refreshMs * 1.1)));
    await victim.kill();
    await refreshed;
  }
  await victim.kill();
}
