import { recoveryDelaySeconds } from '../../lib/broker/refresh-timing.ts';
import { isProper, type Vend } from './callers.ts';
import type { Expectation, Experiment } from './experiment.ts';
import { approachDoubtsEnd, countFates, type Fate, judgeCalls, settleDoubts } from './fates.ts';
import {
  type KillClass,
  listTrials,
  runTrials,
  type Trial,
  type TrialWorkers,
} from './kill-trials.ts';
import { type Stack, startStack } from './stack.ts';
import { countEach, describeValues, round } from './statistics.ts';

const client = 'strict';
const settings = { PROVIDER_TIMEOUT_SECONDS: '3', STORE_WRITE_SECONDS: '2', LEASE_SECONDS: '6' };
const leaseSeconds = 6;
const warmClient = 'warm';
const options = { client, warmClient, settings, lifeSeconds: 240, waitSeconds: 2 };
const latencyMs = 20;

/** How many may be lost of twenty that are killed so many milliseconds after the answer. */
const mostLostAfterMs: readonly (readonly [number, number])[] = [
  [0, 20],
  [2, 2],
  [5, 0],
  [10, 0],
  [20, 0],
];

/** Quick: too few for a limit, enough to see whether losses are told and callers answered. */
function listClasses(quick: boolean): readonly KillClass[] {
  const times = quick ? 2 : 20;
  const random = { name: 'random moment', times: quick ? 8 : 200, refreshesBefore: quick ? 2 : 5 };
  const warm = mostLostAfterMs.map(([afterMs, mostLost]) => ({
    ...{ name: `${afterMs} ms after the answer`, afterMs, times },
    refreshesBefore: quick ? 5 : 30,
    ...(!quick && { mostLost }),
  }));
  const cold = mostLostAfterMs.map(([afterMs]) => ({
    ...{ name: `${afterMs} ms after the answer, first refresh of its process`, afterMs },
    ...{ times: times / 2, refreshesBefore: 0 },
  }));
  return [random, ...warm, ...(quick ? [] : cold)];
}

/** The refreshing process is killed: what is lost is what nobody could have kept, and is named. */
export const killedRefresh: Experiment = async (build, quick) => {
  const classes = listClasses(quick);
  const stack = await startStack(build, { clients: [client, warmClient] });
  try {
    const replaces = 'when_answering';
    await stack.provider.behave(client, { latency_ms: latencyMs, replaces, expires_in: 3600 });
    const workers = await startWorkers(stack);
    const trials = listTrials(client, classes);
    const { vends, refreshMs, sinceMs } = await runTrials(stack, trials, { workers, options });
    const names = trials.map(({ name }) => name);
    const { vending, connections, refreshing } = workers;
    const asked = [...vending, ...refreshing];
    const doubt = { workers: asked, vending, sinceMs, leaseSeconds };
    const sentTooEarly = await approachDoubtsEnd(stack, names, doubt);
    const fates = await settleDoubts(stack, names, { ...doubt, connections });
    const calls = judgeCalls(await stack.provider.calls(client));
    const measured = {
      refresh_ms_when_not_killed: round(refreshMs),
      right_after: describeVends(vends),
      by_class: countByClass(classes, trials, fates),
      ...countFates(fates),
      ...calls,
      sent_again_too_early: sentTooEarly,
      until_settled_ms: describeValues(fates.map((one) => one.vends.at(-1)?.ms ?? 0)),
    };
    return {
      parameters: {
        ...{ ...settings, provider_latency_ms: latencyMs },
        clock_set_forward_seconds: recoveryDelaySeconds,
      },
      measured,
      expectations: judge(classes, measured),
    };
  } finally {
    await stack.close();
  }
};

async function startWorkers(stack: Stack): Promise<TrialWorkers> {
  const pool = 'evergrant-local-refresh';
  const [connections, vending, refreshing] = await Promise.all([
    stack.start({ key: 'connections', count: 1 }),
    stack.start({ key: 'vend', count: 2 }),
    stack.start({ key: 'refresh', count: 2, pool, settings }),
  ]);
  return { connections, vending, refreshing };
}

function describeVends(vends: readonly Vend[]) {
  return {
    outcomes: countEach(vends.map(({ outcome }) => outcome)),
    ms: describeValues(vends.map(({ ms }) => ms)),
    improper: vends.filter((given) => !isProper(given, options.waitSeconds)).length,
  };
}

function countByClass(
  classes: readonly KillClass[],
  trials: readonly Trial[],
  fates: readonly Fate[],
) {
  return classes.map((kind) => {
    const own = fates.filter((_, index) => trials[index]?.kind === kind);
    const { connections, lost, lost_named_answer_lost: named } = countFates(own);
    return {
      ...{ killed: kind.name, refreshes_before: kind.refreshesBefore, times: connections },
      ...{ lost, named_answer_lost: named },
    };
  });
}

interface Measured extends ReturnType<typeof countFates>, ReturnType<typeof judgeCalls> {
  readonly right_after: ReturnType<typeof describeVends>;
  readonly sent_again_too_early: number;
  readonly by_class: ReturnType<typeof countByClass>;
}

function judge(classes: readonly KillClass[], measured: Measured): readonly Expectation[] {
  const limits = classes.flatMap(({ name, mostLost }) => {
    if (mostLost === undefined) return [];
    const { lost = 0 } = measured.by_class.find(({ killed }) => killed === name) ?? {};
    return [{ expected: `${name}: at most ${mostLost} lost`, holds: lost <= mostLost }];
  });
  return [
    ...limits,
    {
      expected: 'every loss is named answer_lost, and none is false',
      holds: measured.lost_named_answer_lost === measured.lost && measured.lost_falsely === 0,
    },
    { expected: 'nothing stays unsettled', holds: measured.unsettled === 0 },
    {
      expected: 'no refresh token is sent again while the first is undecided',
      holds: measured.sent_again_while_undecided + measured.sent_again_too_early === 0,
    },
    {
      expected: 'every later caller gets its token, or when to come back, in its time',
      holds: measured.right_after.improper + measured.callers_left_hanging === 0,
    },
  ];
}
