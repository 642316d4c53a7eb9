import { recoveryDelaySeconds } from '../../lib/broker/refresh-timing.ts';
import {
  type ConnectionName,
  connectAll,
  isProper,
  type Vend,
  vend,
  type Workers,
  warmUp,
} from '../stack/callers.ts';
import type { Child } from '../stack/child.ts';
import type { Behaviour, ProviderControl } from '../stack/provider-control.ts';
import {
  buildRefreshSettings,
  type RefreshSettings,
  readRefreshSettings,
} from '../stack/service.ts';
import { type Stack, type Store, startStack } from '../stack/start-stack.ts';
import { countEach } from '../stack/statistics.ts';
import { nowSeconds, pass } from '../stack/waiting.ts';
import type { Experiment, Run } from './experiment.ts';
import { approachDoubtsEnd, countFates, judgeCalls, settleDoubts } from './fates.ts';
import { judge, type SlowFigures } from './slow-judgement.ts';

/** A provider that is slower than we wait, or not, and what it does meanwhile. */
export interface SlowVariant extends RefreshSettings {
  readonly client: string;
  readonly settings: 'as shipped' | 'more patient' | 'less patient' | 'for quick';
  /** Seconds until the provider answers. */
  readonly latency: number;
  readonly replaces: Behaviour['replaces'];
}

const maxWaitSeconds = 3;
/** On a machine with other work, the last connection may be refreshed so much later. */
const mostLateSeconds = 120;

/** 12 and 40 s with the settings as shipped, and what an operator makes of it with others. */
function listVariants({ quick, build }: Run): readonly SlowVariant[] {
  const keeps = { replaces: 'on_arrival' } as const;
  const forgets = { replaces: 'if_heard' } as const;
  if (quick) {
    const quickly = { settings: 'for quick', latency: 5, write: 1, invocation: 60 } as const;
    const short = { ...quickly, timeout: 2, lease: 6 };
    return [
      { ...short, ...keeps, client: 'slow-keeps' },
      { ...short, ...forgets, client: 'slow-forgets' },
      { ...quickly, timeout: 20, lease: 25, ...keeps, client: 'slow-awaited' },
    ];
  }
  const shipped = { settings: 'as shipped', ...readRefreshSettings(build.service) } as const;
  const more = { settings: 'more patient', timeout: 90, write: 5, lease: 110 } as const;
  const less = { settings: 'less patient', timeout: 10, write: 5, lease: 30 } as const;
  return [
    { ...shipped, ...keeps, client: 'shipped-12', latency: 12 },
    { ...shipped, ...keeps, client: 'shipped-40', latency: 40 },
    { ...more, ...keeps, client: 'patient-40', latency: 40, invocation: 130 },
    { ...less, ...keeps, client: 'impatient-12', latency: 12, invocation: 60 },
    { ...less, ...keeps, client: 'impatient-40', latency: 40, invocation: 60 },
    { ...less, ...forgets, client: 'impatient-40-forgets', latency: 40, invocation: 60 },
  ];
}

/** A provider that answers late: its refresh token is not sent again while that is undecided. */
export const slowProvider: Experiment = async (run) => {
  const variants = listVariants(run);
  const perVariant = run.quick ? 2 : 5;
  const stack = await startStack(run.build, { clients: variants.map(({ client }) => client) });
  try {
    const connections = await stack.start({ key: 'connections', count: 1 });
    const results = await Promise.all(
      variants.map((variant) => {
        const names = Array.from({ length: perVariant }, (_, index) => ({
          client: variant.client,
          connection: `${variant.client}-${index}`,
        }));
        return tryVariant(stack, variant, { connections, names, run });
      }),
    );
    const judged = results.map(judge);
    return {
      parameters: {
        connections_per_variant: perVariant,
        vend_processes_per_variant: 2,
        clock_set_forward_seconds: recoveryDelaySeconds,
      },
      measured: {
        variants: results.map((result, index) => ({ gives: judged[index]?.gives, ...result })),
      },
      expectations: judged.flatMap(({ expectations }) => expectations),
    };
  } finally {
    await stack.close();
  }
};

async function tryVariant(
  stack: Stack,
  variant: SlowVariant,
  given: {
    readonly connections: readonly Child[];
    readonly names: readonly ConnectionName[];
    readonly run: Run;
  },
): Promise<SlowFigures> {
  const { client, latency, replaces, timeout, lease } = variant;
  const { names, run } = given;
  const { store, ...started } = await startWorkers(stack, variant);
  const workers = { ...started, connections: given.connections };
  await warmUp(stack, client, { ...workers, quick: run.quick });
  await stack.provider.behave(client, { latency_ms: latency * 1000, replaces, expires_in: 3600 });
  await connectAll(stack, workers.connections, { names, expiresAt: nowSeconds() - 1 });

  run.tell(`${client}: the provider answers after ${latency} s, ${timeout} s are waited for it`);
  const sinceMs = performance.now();
  const early = await keepAsking(stack, workers.vending, { names, seconds: latency + 2 });
  // From here on the provider is as fast as it should be.
  await stack.provider.behave(client, { latency_ms: 50, replaces, expires_in: 3600 });
  run.tell(`${client}: clocks are set forward to where the doubt ends`);
  const clocked = [...workers.vending, ...workers.refreshing, store];
  const doubt = { clocked, vending: workers.vending, sinceMs, leaseSeconds: lease };
  const sentTooEarly = await approachDoubtsEnd(stack, names, doubt);
  const fates = await settleDoubts(stack, names, { ...doubt, connections: workers.connections });
  const ours = new Set(names.map(({ connection }) => connection));
  const calls = (await stack.provider.calls(client)).filter(({ family }) => ours.has(family));
  const improper = early.filter((one) => !isProper(one, { maxWaitSeconds, quick: run.quick }));
  return {
    ...variant,
    during: countEach(early.map(({ outcome }) => outcome)),
    ...judgeCalls(calls),
    sent_again_too_early: sentTooEarly,
    ...countFates(fates, run.quick),
    improper_answers_during: improper.length,
    families_revoked: fates.filter(({ revoked }) => revoked).length,
  };
}

async function startWorkers(
  stack: Stack,
  variant: SlowVariant,
): Promise<Omit<Workers, 'connections'> & { readonly store: Store }> {
  const pool = `evergrant-local-refresh-${variant.client}`;
  const settings = buildRefreshSettings(variant);
  const store = await stack.openStore();
  const at = { count: 2, storeUrl: store.url };
  const [vending, refreshing] = await Promise.all([
    stack.start({ ...at, key: 'vend', settings: { REFRESH_FUNCTION: pool } }),
    stack.start({ ...at, key: 'refresh', pool, settings }),
  ]);
  return { store, vending, refreshing };
}

/**
 * Callers of both processes, who ask for every connection again as soon as they are answered: for so
 * long at least, and until the provider has answered for every connection.
 */
async function keepAsking(
  { provider }: Stack,
  vending: readonly Child[],
  { names, seconds }: { readonly names: readonly ConnectionName[]; readonly seconds: number },
): Promise<readonly Vend[]> {
  const end = performance.now() + seconds * 1000;
  const last = end + mostLateSeconds * 1000;
  let over = false;
  const asked = vending.flatMap((worker) =>
    names.map(async (name) => {
      const vends: Vend[] = [];
      while (!over) {
        vends.push(await vend(worker, name, maxWaitSeconds));
        await pass(0.5);
      }
      return vends;
    }),
  );
  const watch = async () => {
    while (performance.now() < end || !(await wereAllAnswered(provider, names))) {
      if (performance.now() > last) break;
      await pass(0.2);
    }
    over = true;
  };
  const [vends] = await Promise.all([Promise.all(asked), watch()]);
  return vends.flat();
}

/** Whether every connection has had a call, and none is at the provider any more. */
async function wereAllAnswered(
  provider: ProviderControl,
  names: readonly ConnectionName[],
): Promise<boolean> {
  const calls = await provider.calls(names[0]?.client ?? '');
  const called = new Set(calls.map(({ family }) => family));
  return (
    names.every(({ connection }) => called.has(connection)) &&
    calls.every((call) => call.answered_at_ms !== undefined)
  );
}
