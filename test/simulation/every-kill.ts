/**
 * Every moment at which one or both of two workers can die while they refresh one connection.
 *
 * @module
 */
import { isLive } from '../../lib/broker/establish-connection.ts';
import { keyText } from '../../lib/names.ts';
import type { Functions } from './functions.ts';
import { type History, runHistory, swallow } from './history.ts';
import type { RotationClass } from './provider-model.ts';
import { calm, type Moment } from './weather.ts';
import type { World, WorldSettings } from './world.ts';

/** A moment in an invocation's life at which it may be killed: a call, and which end of it. */
export interface KillPoint {
  readonly label: string;
  readonly moment: Moment;
}

/** Which of its kill points each worker dies at, by number; undefined: it lives. */
export interface Deaths {
  readonly first: number | undefined;
  readonly second: number | undefined;
}

/** How the second worker follows the first. */
export type Meeting = 'at_once' | 'after_the_lease';

export interface KillHistory extends History {
  /** Where each of them died, or all that the living one passed. */
  readonly passed: { readonly first: readonly KillPoint[]; readonly second: readonly KillPoint[] };
}

const lifetimeSeconds = 600;
/** When the connection is due, and its access token nearly over. */
const dueMs = 570_000;
const afterLeaseMs = 70_000;

/** Two workers refresh one connection: one by schedule, the other for a caller. */
export async function runKills(
  seed: number,
  kind: { readonly rotationClass: RotationClass; readonly meeting: Meeting },
  deaths: Deaths,
): Promise<KillHistory> {
  const passed = { first: [] as KillPoint[], second: [] as KillPoint[] };
  const settings: WorldSettings = {
    seed,
    machines: 2,
    skewSeconds: 0,
    providers: [
      {
        rotationClass: kind.rotationClass,
        graceSeconds: 900,
        lifetimeSeconds,
        endsGrantOnReuse: true,
        connections: 1,
      },
    ],
  };
  const history = await runHistory(settings, async (world, functions) => {
    const { timeline, conditions, random } = world;
    conditions.schedulerSilent = true;
    await timeline.runUntil(dueMs);
    world.weather.become({
      ...calm(random),
      kills: (invocation, label, moment) => {
        const worker = invocation.startsWith('refresh due') ? 'first' : 'second';
        const points = passed[worker];
        points.push({ label, moment });
        return points.length - 1 === deaths[worker];
      },
    });
    beginBoth(world, functions, kind.meeting === 'at_once' ? 0 : afterLeaseMs);
    await timeline.runUntil(dueMs + afterLeaseMs + 5_000);
  });
  return { ...history, passed };
}

function beginBoth(world: World, functions: Functions, delayMs: number): void {
  const [key] = world.keys;
  const row = key && world.stores.connectionRows.get(keyText(key));
  if (!key || !isLive(row) || row.refreshAt === undefined) throw new Error('nothing is due');
  const { refreshAt, committedFence: seenFence } = row;
  swallow(functions.refresh({ key, cause: { kind: 'due', refreshAt } }));
  world.timeline.plan(delayMs, () => {
    swallow(functions.refresh({ key, cause: { kind: 'demand', seenFence } }));
  });
}
