import { beginInvocation, type Invocation, timeLimit } from './invocation.ts';
import type { World } from './world.ts';

/** What a function does in one invocation. */
export type Handle<Result> = (invocation: Invocation) => Promise<Result>;

/** What a function keeps back of its time, for its answer's way out. */
export const reserveMs = 1000;

/** The platform: starts functions on its machines, and ends those that take too long. */
export interface Lambda {
  /** Its promise stays open when the invocation is killed. */
  readonly run: <Result>(
    name: string,
    timeLimitMs: number,
    handle: Handle<Result>,
  ) => Promise<Result>;
  /** Invocations that have not ended. */
  readonly running: ReadonlySet<Invocation>;
}

export function lambda(world: World): Lambda {
  const { machines, random, timeline } = world;
  const running = new Set<Invocation>();
  let invocations = 0;
  return {
    running,
    run: async (name, timeLimitMs, handle) => {
      const machine = machines[random.between(0, machines.length - 1)];
      if (!machine) throw new Error('there is no machine to run anything');
      invocations += 1;
      const invocation = beginInvocation(world, machine, `${name}#${invocations}@${machine.name}`);
      running.add(invocation);
      const endMs = timeline.elapsedMs() + timeLimitMs - reserveMs;
      invocation.onKill(() => running.delete(invocation));
      timeline.plan(timeLimitMs, () => {
        if (running.has(invocation)) invocation.kill(timeLimit);
      });
      try {
        return await handle(invocation);
      } finally {
        running.delete(invocation);
        invocation.end(timeline.elapsedMs() > endMs);
      }
    },
  };
}
