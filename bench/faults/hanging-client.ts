import { type ConnectionName, moveClocks } from '../stack/callers.ts';
import {
  connectDue,
  countFresh,
  type Progress,
  refreshAll,
  type Schedule,
  type ScheduleOptions,
  startSchedule,
} from '../stack/due-connections.ts';
import type { TokenCall } from '../stack/provider-control.ts';
import { buildRefreshSettings } from '../stack/service.ts';
import { type Stack, startStack } from '../stack/start-stack.ts';
import { describeValues, greatest, round } from '../stack/statistics.ts';
import { nowSeconds, waitUntil } from '../stack/waiting.ts';
import type { Experiment } from './experiment.ts';

const hanging = 'client-0';
const others = Array.from({ length: 19 }, (_, index) => `client-${index + 1}`);
const clients = [hanging, ...others];
const latencyMs = 20;
/** Every token of the first pass has ended by then. */
const secondPassAfterSeconds = 7200;
/** How much longer the others may take for the one that hangs. */
const mostRatio = 1.5;

interface Scale {
  readonly perClient: number;
  /** How long a call of the client hangs. */
  readonly hangSeconds: number;
  /** Between two runs of the schedule. */
  readonly runSeconds: number;
  /** How long each pass may take. */
  readonly limitSeconds: number;
}

interface Bench {
  readonly stack: Stack;
  readonly schedule: Schedule;
  readonly names: readonly ConnectionName[];
  readonly scale: Scale;
}

/** Quick: a call hangs for longer than all the rest may take, and few are under way at once. */
const quickly: ScheduleOptions = {
  processes: 2,
  atOnce: 6,
  settings: buildRefreshSettings({ timeout: 600, write: 5, lease: 700, invocation: 800 }),
};

/** One client's provider hangs on every call: the others' connections are refreshed all the same. */
export const hangingClient: Experiment = async ({ build, quick, tell }) => {
  const scale: Scale = quick
    ? { perClient: 4, hangSeconds: 600, runSeconds: 60, limitSeconds: 600 }
    : { perClient: 500, hangSeconds: 30, runSeconds: 60, limitSeconds: 300 };
  const options = quick ? quickly : { processes: 4 };
  const stack = await startStack(build, { clients });
  try {
    tell(`${clients.length * scale.perClient} connections are made`);
    const names = await connectDue(stack, clients, scale.perClient);
    const schedule = await startSchedule(stack, build, options);
    const bench = { stack, schedule, names, scale };
    const found = quick ? await tryOrder(bench, tell) : await compareWithNoneHanging(bench, tell);
    await schedule.stop();
    return {
      parameters: {
        ...{ clients: clients.length, due_per_client: scale.perClient, hanging_clients: 1 },
        ...{ schedule_every_seconds: scale.runSeconds, hangs_seconds: scale.hangSeconds },
        ...{ provider_latency_ms: latencyMs, refresh_processes: options.processes },
        queue: schedule.source,
      },
      ...found,
    };
  } finally {
    await stack.close();
  }
};

/** With nothing that depends on speed: the others are through while every call that hangs still does. */
async function tryOrder(bench: Bench, tell: (next: string) => void) {
  tell(`they are refreshed, with ${hanging} hanging`);
  const { measured, fresh, progress } = await refreshWhileHanging(bench, 0);
  const hung = await callsSince(bench, hanging, progress);
  const { visibilitySeconds, givenBack } = bench.schedule;
  const wereHeldUp = greatest([...progress.seconds.values()]) >= visibilitySeconds;
  const areHanging = hung.length > 0 && hung.every((call) => call.answered_at_ms === undefined);
  return {
    measured: { ...measured, messages_given_back: givenBack() },
    expectations: [
      fresh,
      {
        expected: 'none of them waits until a message of another is visible again',
        // What our own store was too slow for, on a busy machine, has to wait for that.
        holds: !wereHeldUp || givenBack() > 0,
      },
      { expected: 'meanwhile no call that hangs has ended', holds: areHanging },
    ],
  };
}

/** All of them twice, so that it is seen what the one that hangs costs the others. */
async function compareWithNoneHanging(bench: Bench, tell: (next: string) => void) {
  tell('they are refreshed, with no client hanging');
  const { stack, schedule, names, scale } = bench;
  await setLatencies(stack, latencyMs);
  const calm = await refreshAll(stack.provider, schedule, { ...scale, clients });
  await waitUntil('every answer is stored', 180, async () => {
    return (await countFresh(stack, names, nowSeconds())) === names.length;
  });
  await moveClocks(schedule.clocked, secondPassAfterSeconds);
  tell(`they are refreshed once more, with ${hanging} hanging`);
  const { measured, fresh, progress } = await refreshWhileHanging(bench, secondPassAfterSeconds);
  const calmSeconds = greatest(others.map((client) => calm.seconds.get(client) ?? 0));
  const seconds = greatest([...progress.seconds.values()]);
  return {
    measured: { ...measured, with_none_hanging: describeProgress(calm) },
    expectations: [
      fresh,
      {
        expected: `the others take at most ${mostRatio} times as long as with none hanging`,
        holds: seconds > 0 && seconds <= mostRatio * calmSeconds,
      },
    ],
  };
}

/** @param aheadSeconds - by how much the clocks are set forward. */
async function refreshWhileHanging(bench: Bench, aheadSeconds: number) {
  const { stack, schedule, names, scale } = bench;
  await setLatencies(stack, scale.hangSeconds * 1000);
  const progress = await refreshAll(stack.provider, schedule, { ...scale, clients: others });
  const ours = names.filter(({ client }) => client !== hanging);
  const countNow = () => countFresh(stack, ours, nowSeconds() + aheadSeconds);
  // The last answers are on their way into the store.
  const isStored = async () => (await countNow()) === ours.length;
  const isAllFresh = await waitUntil('the others are fresh', 20, isStored).then(
    () => true,
    () => false,
  );
  const fresh = await countNow();
  return {
    progress,
    measured: {
      ...{ others_fresh: fresh, others_not_fresh: ours.length - fresh },
      with_one_hanging: describeProgress(progress),
      calls_of_the_hanging_client: (await callsSince(bench, hanging, progress)).length,
    },
    fresh: { expected: "every other client's connections are fresh", holds: isAllFresh },
  };
}

async function setLatencies({ provider }: Stack, hangMs: number): Promise<void> {
  const behaviour = { replaces: 'when_answering', expires_in: 3600 } as const;
  for (const client of clients) {
    const latency = client === hanging ? hangMs : latencyMs;
    await provider.behave(client, { ...behaviour, latency_ms: latency });
  }
}

async function callsSince(
  { stack }: Bench,
  client: string,
  { beganAtMs }: Progress,
): Promise<readonly TokenCall[]> {
  const calls = await stack.provider.calls(client);
  return calls.filter((call) => call.came_at_ms >= beganAtMs);
}

function describeProgress({ seconds, runs, elapsedSeconds }: Progress) {
  return {
    clients_fresh_after_seconds: describeValues([...seconds.values()]),
    clients_fresh: seconds.size,
    schedule_runs: runs,
    ended_after_seconds: round(elapsedSeconds),
  };
}
