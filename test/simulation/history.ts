/**
 * One history: connections are made, a storm passes over them, and when it is over everything that
 * can be must be well again.
 *
 * @module
 */
import { isLive } from '../../lib/broker/establish-connection.ts';
import type { Connection, Tombstone } from '../../lib/broker/ports.ts';
import { deploy, type Functions } from './functions.ts';
import { judgeConnection, type Verdict } from './judgement.ts';
import type { Violation } from './watch.ts';
import { calm } from './weather.ts';
import { createWorld, fairConditions, type World, type WorldSettings } from './world.ts';

export interface History {
  readonly violations: readonly Violation[];
  readonly verdicts: readonly Verdict[];
  readonly refreshes: number;
  readonly falseReauthorizations: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly digest: string;
  readonly lines: readonly string[];
  readonly events: number;
}

type Row = Connection | Tombstone;

/** What is done to a world between the first connection and fair weather. */
export type Plot = (world: World, functions: Functions) => Promise<void>;

const runEveryMs = 60_000;
/** The longest backoff is an hour; then three runs, and a lane that a dead worker holds. */
const recoveryMs = 2.5 * 3600_000;
const weekMs = 7 * 24 * 3600_000;

export async function runHistory(settings: WorldSettings, plot: Plot): Promise<History> {
  const world = createWorld(settings);
  const functions = deploy(world);
  const { timeline, watch, faults } = world;
  for (const key of world.keys) swallow(functions.connect(key));
  await timeline.runUntil(1000);
  const schedule = scheduleRuns(world, functions);

  await plot(world, functions);
  clearUp(world);
  await letRecover(world, functions);
  schedule.stop();
  const verdicts: Verdict[] = [];
  for (const key of world.keys) verdicts.push(await judgeConnection(world, functions, key));
  await redriveLater(world, functions);

  return {
    violations: watch.violations,
    verdicts,
    refreshes: faults.get('refreshes') ?? 0,
    falseReauthorizations: watch.falseReauthorizations(),
    faults,
    digest: timeline.digest(),
    lines: timeline.lines,
    events: timeline.events(),
  };
}

/** Nobody waits for it: its failure is part of the history. */
export function swallow(work: Promise<unknown>): void {
  work.catch(() => undefined);
}

/** The schedule: every minute. A run that would find nothing is left out, for speed. */
function scheduleRuns(world: World, functions: Functions): { readonly stop: () => void } {
  let stopped = false;
  const tick = () => {
    if (stopped) return;
    world.timeline.plan(runEveryMs, tick);
    if (world.conditions.schedulerSilent || !hasDue(world)) return;
    swallow(functions.schedule());
    // The platform fires at least once.
    if (world.weather.isDuplicated()) swallow(functions.schedule());
  };
  world.timeline.plan(runEveryMs, tick);
  return {
    stop: () => {
      stopped = true;
    },
  };
}

function hasDue({ stores, machines, nowAt }: World): boolean {
  // A machine that is behind goes by the store's time all the same.
  const latest = nowAt() + Math.max(0, ...machines.map(({ skewMs }) => skewMs)) / 1000;
  return [...stores.connectionRows.values()].some(
    (row) => isLive(row) && row.refreshAt !== undefined && row.refreshAt <= latest,
  );
}

/** The storm is over: clocks are right, services answer, and the operator has set the secret. */
function clearUp(world: World): void {
  world.timeline.trace('fair weather');
  if (world.faults.has('client_refused')) world.registry.renew();
  Object.assign(world.conditions, fairConditions());
  for (const machine of world.machines) machine.skewMs = 0;
  world.weather.become(calm(world.random));
}

/** Waits until nothing is left to be done, or until it should have been. */
async function letRecover(world: World, functions: Functions): Promise<void> {
  const { timeline, stores } = world;
  const before = new Map(stores.connectionRows);
  const endMs = timeline.elapsedMs() + recoveryMs;
  const isWell = () =>
    functions.recoveries.isEmpty() &&
    functions.refreshes.isEmpty() &&
    [...stores.connectionRows].every(([key, row]) => isSettled(row, before.get(key)));
  while (timeline.elapsedMs() < endMs && !isWell()) {
    await timeline.runUntil(timeline.elapsedMs() + runEveryMs);
  }
  // Whoever was at work when it became well comes to an end.
  await timeline.runUntil(timeline.elapsedMs() + 2 * runEveryMs);
}

/** Gone, dead, or refreshed since. */
function isSettled(row: Row, before: Row | undefined): boolean {
  if (!isLive(row) || row.state === 'needs_reauth') return true;
  return row.state === 'active' && isLive(before) && row.committedFence > before.committedFence;
}

/** Everything that was ever queued comes again, a week late: nothing may come of it. */
async function redriveLater(world: World, functions: Functions): Promise<void> {
  const { timeline, stores, watch, faults } = world;
  await timeline.runUntil(timeline.elapsedMs() + weekMs);
  const before = new Map(stores.connectionRows);
  const refreshes = faults.get('refreshes');
  for (const message of functions.recoveries.sent) swallow(functions.recover(message));
  for (const { refreshAt, lane: _lane, ...key } of functions.refreshes.sent) {
    const row = await stores.connections.read(key);
    if (isLive(row) && row.refreshAt === refreshAt) continue;
    swallow(functions.refresh({ key, cause: { kind: 'due', refreshAt } }));
  }
  await timeline.runUntil(timeline.elapsedMs() + 120_000);
  for (const [key, row] of stores.connectionRows) {
    if (row !== before.get(key)) watch.violate('I11', `${key} changed by a message a week late`);
  }
  if (faults.get('refreshes') !== refreshes) {
    watch.violate('I11', 'a message a week late caused a provider call');
  }
}
