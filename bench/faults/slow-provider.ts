import { recoveryDelaySeconds } from '../../lib/broker/refresh-timing.ts';
import { type ConnectionName, connectAll, isProper, type Vend, vend, warmUp } from './callers.ts';
import type { Child } from './child.ts';
import { type Expectation, type Experiment, nowSeconds, pass } from './experiment.ts';
import { approachDoubtsEnd, countFates, judgeCalls, settleDoubts } from './fates.ts';
import type { Behaviour } from './provider-control.ts';
import { type Stack, startStack } from './stack.ts';
import { countEach } from './statistics.ts';

/** A provider that is slower than we wait, or not, and what it does meanwhile. */
interface Variant {
  readonly client: string;
  readonly latency: number;
  readonly replaces: Behaviour['replaces'];
  readonly timeout: number;
  readonly write: number;
  readonly lease: number;
}

const perVariant = 5;
const maxWaitSeconds = 3;

/** Latencies of 12 and 40 s, with the deployed settings and with the most patient ones. */
function listVariants(quick: boolean): readonly Variant[] {
  if (quick) {
    const short = { timeout: 2, write: 1, lease: 6, latency: 2.4 };
    return [
      { ...short, client: 'slow-keeps', replaces: 'on_arrival' },
      { ...short, client: 'slow-forgets', replaces: 'if_heard' },
      { ...short, client: 'slow-awaited', replaces: 'on_arrival', timeout: 4 },
    ];
  }
  const deployed = { timeout: 10, write: 5, lease: 30 };
  const patient = { timeout: 25, write: 5, lease: 35 };
  return [
    { ...deployed, client: 'slow-keeps', latency: 12, replaces: 'on_arrival' },
    { ...deployed, client: 'slow-forgets', latency: 12, replaces: 'if_heard' },
    { ...patient, client: 'slow-awaited', latency: 12, replaces: 'on_arrival' },
    { ...deployed, client: 'slower-keeps', latency: 40, replaces: 'on_arrival' },
    { ...deployed, client: 'slower-forgets', latency: 40, replaces: 'if_heard' },
    { ...patient, client: 'slower-awaited', latency: 40, replaces: 'on_arrival' },
  ];
}

/** A provider that answers late: its refresh token is not sent again while that is undecided. */
export const slowProvider: Experiment = async (build, quick) => {
  const variants = listVariants(quick);
  const stack = await startStack(build, { clients: variants.map(({ client }) => client) });
  try {
    const connections = await stack.start({ key: 'connections', count: 1 });
    const results = await Promise.all(
      variants.map((variant) => tryVariant(stack, variant, connections)),
    );
    return {
      parameters: {
        connections_per_variant: perVariant,
        vend_processes_per_variant: 2,
        clock_set_forward_seconds: recoveryDelaySeconds,
      },
      measured: { variants: results.map(({ measured }) => measured) },
      expectations: results.flatMap(({ expectations }) => expectations),
    };
  } finally {
    await stack.close();
  }
};

async function tryVariant(stack: Stack, variant: Variant, connections: readonly Child[]) {
  const { client, latency, replaces, timeout } = variant;
  const { vending, refreshing } = await startWorkers(stack, variant);
  await warmUp(stack, client, { connections, vending, refreshing });
  await stack.provider.behave(client, { latency_ms: latency * 1000, replaces, expires_in: 3600 });
  const names = Array.from({ length: perVariant }, (_, index) => ({
    client,
    connection: `${client}-${index}`,
  }));
  await connectAll(stack, connections, { names, expiresAt: nowSeconds() - 1 });

  const sinceMs = performance.now();
  const early = await keepAsking(vending, names, Math.max(latency, timeout) + 2);
  // From here on the provider is as fast as it should be.
  await stack.provider.behave(client, { latency_ms: 50, replaces, expires_in: 3600 });
  const workers = [...vending, ...refreshing];
  const doubt = { workers, vending, sinceMs, leaseSeconds: variant.lease };
  const sentTooEarly = await approachDoubtsEnd(stack, names, doubt);
  const fates = await settleDoubts(stack, names, { ...doubt, connections });
  const calls = (await stack.provider.calls(client)).filter(({ family }) =>
    names.some(({ connection }) => connection === family),
  );
  const measured = {
    ...variant,
    during: countEach(early.map(({ outcome }) => outcome)),
    ...judgeCalls(calls),
    sent_again_too_early: sentTooEarly,
    ...countFates(fates),
    improper_answers_during: early.filter((one) => !isProper(one, maxWaitSeconds)).length,
    families_revoked: fates.filter(({ revoked }) => revoked).length,
  };
  return { measured, expectations: judge(variant, measured) };
}

async function startWorkers(
  stack: Stack,
  { client, timeout, write, lease }: Variant,
): Promise<{ readonly vending: readonly Child[]; readonly refreshing: readonly Child[] }> {
  const pool = `evergrant-local-refresh-${client}`;
  const settings = {
    PROVIDER_TIMEOUT_SECONDS: `${timeout}`,
    STORE_WRITE_SECONDS: `${write}`,
    LEASE_SECONDS: `${lease}`,
  };
  const [vending, refreshing] = await Promise.all([
    stack.start({ key: 'vend', count: 2, settings: { REFRESH_FUNCTION: pool } }),
    stack.start({ key: 'refresh', count: 2, pool, settings }),
  ]);
  return { vending, refreshing };
}

/** Callers of both processes, who ask for every connection again as soon as they are answered. */
async function keepAsking(
  vending: readonly Child[],
  names: readonly ConnectionName[],
  seconds: number,
): Promise<readonly Vend[]> {
  const end = performance.now() + seconds * 1000;
  const asked = vending.flatMap((worker) =>
    names.map(async (name) => {
      const vends: Vend[] = [];
      while (performance.now() < end) {
        vends.push(await vend(worker, name, maxWaitSeconds));
        await pass(0.5);
      }
      return vends;
    }),
  );
  return (await Promise.all(asked)).flat();
}

interface Measured extends ReturnType<typeof countFates>, ReturnType<typeof judgeCalls> {
  readonly sent_again_too_early: number;
  readonly improper_answers_during: number;
  readonly families_revoked: number;
}

/** A provider that replaced the token, and whose answer nobody heard, has lost it for everybody. */
function judge(variant: Variant, measured: Measured): readonly Expectation[] {
  const { client, latency, timeout, replaces } = variant;
  const isUnavoidable = latency > timeout && replaces === 'on_arrival';
  const all = (count: number) => count === measured.connections;
  return [
    {
      expected: `${client}: no refresh token is sent again while the first is undecided`,
      holds: measured.sent_again_while_undecided + measured.sent_again_too_early === 0,
    },
    isUnavoidable
      ? {
          expected: `${client}: every connection is told to be lost, as answer_lost`,
          holds: all(measured.lost_named_answer_lost) && measured.lost_falsely === 0,
        }
      : {
          expected: `${client}: every connection is alive, no family revoked`,
          holds: all(measured.alive) && measured.families_revoked === 0,
        },
    {
      expected: `${client}: every caller is answered in its time`,
      holds: measured.callers_left_hanging + measured.improper_answers_during === 0,
    },
  ];
}
