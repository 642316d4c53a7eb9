import { type StoreClock, storeClock } from '../../lib/aws/store-clock.ts';
import type { EpochSeconds } from '../../lib/time.ts';
import { aMoment } from '../support/moving-clock.ts';
import type { Timeline } from './timeline.ts';
import type { Moment, Weather } from './weather.ts';

/** A machine that runs invocations. Its wall clock may be wrong; its monotonic clock is true. */
export interface Machine {
  readonly name: string;
  /** By how much its wall clock is ahead. */
  skewMs: number;
  /** Idle containers of each function. A container runs one invocation at a time. */
  readonly idle: Map<string, Container[]>;
}

/** What outlives an invocation, until one of its own is killed. */
export interface Container {
  /** What it has learned of the time. */
  readonly clock: StoreClock;
}

/** One run of a function: it ends, or it is killed at some moment and never goes on. */
export interface Invocation {
  readonly name: string;
  /** Where it runs. */
  readonly container: Container;
  /** Its machine's clock, as far as the store has not set it. */
  readonly clock: StoreClock;
  readonly isAlive: () => boolean;
  /** Killed by something that it could not foresee, or held up by it until its time was over. */
  readonly hasCrashed: () => boolean;
  /** It has ended by itself. @param isOver - its time is. */
  readonly end: (isOver: boolean) => void;
  readonly kill: (cause: string) => void;
  /** Runs when it is killed. */
  readonly onKill: (run: () => void) => void;
  /**
   * Makes one call to another service: two points at which this invocation may be killed, and at
   * which any other may come first: before the request is sent, and before its answer is heard.
   */
  readonly call: Call;
}

/** @param limit - after so long the caller stops listening, and goes on with `ending`. */
export type Call = <Result>(
  label: string,
  effect: () => Promise<Result>,
  limit?: { readonly ms: number; readonly ending: Result },
) => Promise<Result>;

/** The cause of a death that an invocation knows of from its beginning, and has to allow for. */
export const timeLimit = 'time limit';

export interface Runtime {
  readonly timeline: Timeline;
  readonly weather: Weather;
}

export function beginInvocation(
  { timeline, weather }: Runtime,
  machine: Machine,
  name: string,
): Invocation {
  const container = takeContainer(timeline, machine, functionOf(name));
  let alive = true;
  let crashed = false;
  let stoodStill = false;
  const burials: (() => void)[] = [];
  const kill = (cause: string) => {
    if (!alive) return;
    alive = false;
    crashed = cause !== timeLimit || stoodStill;
    timeline.trace(`${name} killed: ${cause}`);
    for (const bury of burials) bury();
  };
  const reaches = (label: string, moment: Moment) => {
    if (alive && weather.kills(name, label, moment)) kill(`${moment} ${label}`);
    return alive;
  };
  const stalls = (label: string) => {
    const stallMs = weather.stallMs(label);
    stoodStill ||= stallMs > 0;
    return stallMs;
  };
  return {
    name,
    kill,
    call: caller({ timeline, weather, name, reaches, stalls }),
    isAlive: () => alive,
    hasCrashed: () => crashed,
    end: (isOver) => {
      crashed ||= isOver && stoodStill;
      if (alive) machine.idle.get(functionOf(name))?.push(container);
    },
    onKill: (run) => burials.push(run),
    container,
    clock: {
      ...container.clock,
      sleep: (ms) =>
        new Promise((wake) => {
          timeline.plan(ms, () => {
            if (reaches('clock.sleep', 'before_hearing')) wake();
          });
        }),
    },
  };
}

interface Caller extends Runtime {
  readonly name: string;
  /** Whether the invocation lives beyond this point. */
  readonly reaches: (label: string, moment: Moment) => boolean;
  readonly stalls: (label: string) => number;
}

function caller({ timeline, weather, name, reaches, stalls }: Caller): Call {
  return (label, effect, limit) =>
    // Whoever is killed hears nothing: its promise stays open for ever.
    new Promise((resolve, reject) => {
      if (!reaches(label, 'before_sending')) return;
      let listens = true;
      const deliver = (what: string, settle: () => void) => {
        if (!listens || !reaches(label, 'before_hearing')) return;
        listens = false;
        timeline.trace(`${name} ${what} ${label}`);
        settle();
      };
      const answer = (settle: () => void) =>
        timeline.plan(weather.latencyMs(), () => deliver('heard', settle));
      timeline.trace(`${name} sends ${label}`);
      if (limit) timeline.plan(limit.ms, () => deliver('gave up', () => resolve(limit.ending)));
      timeline.plan(weather.latencyMs() + stalls(label), () => {
        effect().then(
          (result) => answer(() => resolve(result)),
          (error) => answer(() => reject(error)),
        );
      });
    });
}

/** `refresh due client-0/c0#7@m1` is an invocation of `refresh`. */
const functionOf = (name: string) => name.split(/[ #]/)[0] ?? '';

/** A container that nobody is in, or a new one. */
function takeContainer(timeline: Timeline, machine: Machine, of: string): Container {
  const idle = machine.idle.get(of) ?? [];
  machine.idle.set(of, idle);
  const container = idle.pop() ?? { clock: containerClock(timeline, machine) };
  container.clock.resume();
  return container;
}

function containerClock(timeline: Timeline, machine: Machine): StoreClock {
  const wallMs = () => Math.floor(aMoment * 1000 + timeline.elapsedMs() + machine.skewMs);
  return storeClock({
    now: () => Math.floor(wallMs() / 1000) as EpochSeconds,
    nowMs: wallMs,
    monotonicMs: () => timeline.elapsedMs(),
    sleep: () => Promise.reject(new Error('only an invocation sleeps')),
  });
}

/** A port whose every method is a call over the network. An answer carries the date of its service. */
export function overNetwork<Port extends object>(
  { call, clock }: Pick<Invocation, 'call' | 'clock'>,
  name: string,
  port: Port,
): Port {
  return new Proxy(port, {
    get: (target, member) => {
      const method: unknown = Reflect.get(target, member);
      if (typeof method !== 'function') return method;
      return async (...args: readonly unknown[]) => {
        const sentMs = clock.monotonicMs();
        let date: string | undefined;
        const result: unknown = await call(`${name}.${String(member)}`, async () => {
          const carriedOut: unknown = await method.apply(target, args);
          date = new Date(aMoment * 1000 + clock.monotonicMs()).toUTCString();
          return carriedOut;
        });
        clock.learn({ date, sentMs });
        return result;
      };
    },
  });
}
