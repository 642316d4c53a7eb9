import { recoveryDelaySeconds } from '../../lib/broker/refresh-timing.ts';
import { isProper, type Vend, type Workers } from '../stack/callers.ts';
import { buildRefreshSettings } from '../stack/service.ts';
import { type Stack, startStack } from '../stack/start-stack.ts';
import { countEach, type Distribution, describeValues, round } from '../stack/statistics.ts';
import type { Expectation, Experiment, Run } from './experiment.ts';
import { approachDoubtsEnd, countFates, type Fate, judgeCalls, settleDoubts } from './fates.ts';
import { type KillClass, listTrials, runTrials, type Trial } from './kill-trials.ts';

const client = 'strict';
const leaseSeconds = 6;
const settings = buildRefreshSettings({
  timeout: 3,
  write: 2,
  lease: leaseSeconds,
  invocation: 60,
});
const warmClient = 'warm';
const waitSeconds = 2;
const pool = 'evergrant-local-refresh';
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
  const after = (afterMs: number) => `${afterMs} ms after the answer`;
  if (quick) {
    const few = { refreshesBefore: 1, times: 2 };
    const some = [0, 10].map((afterMs) => ({ ...few, name: after(afterMs), afterMs }));
    return [{ ...few, name: 'random moment', times: 4 }, ...some];
  }
  const random = { name: 'random moment', times: 200, refreshesBefore: 5 };
  const warm = mostLostAfterMs.map(([afterMs, mostLost]) => ({
    ...{ name: after(afterMs), afterMs, times: 20, refreshesBefore: 30, mostLost },
  }));
  const rested = [2, 5].map((afterMs) => ({
    ...{ name: `${after(afterMs)}, after a rest`, afterMs, times: 10 },
    ...{ refreshesBefore: 30, restMs: 3000 },
  }));
  const cold = mostLostAfterMs.map(([afterMs]) => ({
    ...{ name: `${after(afterMs)}, first refresh of its process`, afterMs },
    ...{ times: 10, refreshesBefore: 0 },
  }));
  return [...warm, ...rested, ...cold, random];
}

/** The refreshing process is killed: what is lost is what nobody could have kept, and is named. */
export const killedRefresh: Experiment = async (run) => {
  const stack = await startStack(run.build, { clients: [client, warmClient] });
  try {
    const classes = listClasses(run.quick);
    const measured = await killAndSettle(stack, classes, run);
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

async function killAndSettle(
  stack: Stack,
  classes: readonly KillClass[],
  { quick, tell }: Run,
): Promise<Measured> {
  const replaces = 'when_answering';
  await stack.provider.behave(client, { latency_ms: latencyMs, replaces, expires_in: 3600 });
  const store = await stack.openStore();
  const workers = await startWorkers(stack, store.url);
  const trials = listTrials(client, classes);
  // As long as all the killing may take: whoever has a living token is to be served it.
  const lifeSeconds = quick ? 60 : 900;
  const { vends, refreshMs, sinceMs } = await runTrials(stack, trials, {
    workers,
    options: {
      ...{ client, warmClient, settings, waitSeconds, storeUrl: store.url, tell },
      ...{ lifeSeconds, measuredRefreshes: quick ? 6 : 30 },
    },
  });
  tell('clocks are set forward to where the doubts end');
  const names = trials.map(({ name }) => name);
  const { vending, connections, refreshing } = workers;
  const doubt = { clocked: [...vending, ...refreshing, store], vending, sinceMs, leaseSeconds };
  const sentTooEarly = await approachDoubtsEnd(stack, names, doubt);
  const judges = { ...doubt, connections, servesSeconds: lifeSeconds };
  const fates = await settleDoubts(stack, names, judges);
  return {
    refresh_ms_when_not_killed: round(refreshMs),
    right_after: describeVends(vends, quick),
    by_class: countByClass(classes, trials, { fates, strikes: await stack.provider.strikes() }),
    ...countFates(fates, quick),
    ...judgeCalls(await stack.provider.calls(client)),
    sent_again_too_early: sentTooEarly,
    until_settled_ms: describeValues(fates.map((one) => one.vends.at(-1)?.ms ?? 0)),
  };
}

async function startWorkers(stack: Stack, storeUrl: string): Promise<Workers> {
  const [connections, vending, refreshing] = await Promise.all([
    stack.start({ key: 'connections', count: 1 }),
    stack.start({ key: 'vend', count: 2, storeUrl }),
    stack.start({ key: 'refresh', count: 2, pool, settings, storeUrl }),
  ]);
  return { connections, vending, refreshing };
}

function describeVends(vends: readonly Vend[], quick: boolean) {
  const patience = { maxWaitSeconds: waitSeconds, quick };
  return {
    outcomes: countEach(vends.map(({ outcome }) => outcome)),
    ms: describeValues(vends.map(({ ms }) => ms)),
    improper: vends.filter((given) => !isProper(given, patience)).length,
  };
}

function countByClass(
  classes: readonly KillClass[],
  trials: readonly Trial[],
  {
    fates,
    strikes,
  }: {
    readonly fates: readonly Fate[];
    readonly strikes: Readonly<Record<string, number>>;
  },
) {
  return classes.map((kind) => {
    const own = fates.filter((_, index) => trials[index]?.kind === kind);
    const struck = trials.flatMap((trial) =>
      trial.kind === kind ? (strikes[trial.name.connection] ?? []) : [],
    );
    const lost = own.filter(({ fate }) => fate === 'lost');
    return {
      ...{ killed: kind.name, refreshes_before: kind.refreshesBefore, times: own.length },
      ...{ lost: lost.length },
      struck_after_ms: describeValues(struck),
      named_answer_lost: lost.filter(({ reason }) => reason === 'answer_lost').length,
    };
  });
}

interface Measured extends ReturnType<typeof countFates>, ReturnType<typeof judgeCalls> {
  readonly refresh_ms_when_not_killed: number;
  readonly right_after: ReturnType<typeof describeVends>;
  readonly sent_again_too_early: number;
  readonly by_class: ReturnType<typeof countByClass>;
  readonly until_settled_ms: Distribution | undefined;
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
