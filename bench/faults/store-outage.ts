import { startQueuePoller } from '../../local/queue-poller.ts';
import {
  type ConnectionName,
  connectAll,
  readFence,
  refresh,
  type Workers,
  warmUp,
} from '../stack/callers.ts';
import type { Child } from '../stack/child.ts';
import { inParallel } from '../stack/in-parallel.ts';
import { buildRefreshSettings, readRefreshSettings } from '../stack/service.ts';
import { type Stack, startStack } from '../stack/start-stack.ts';
import { countEach, round } from '../stack/statistics.ts';
import { nowSeconds, pass, waitUntil } from '../stack/waiting.ts';
import type { Experiment, Run } from './experiment.ts';
import { countFates, judgeCalls, settleFates } from './fates.ts';
import { type Outage, type StoreProxy, startStoreProxy } from './store-proxy.ts';

/** How the store is away, and for how long. */
interface Variant {
  readonly client: string;
  readonly outage: Outage;
  readonly seconds: number;
  /** Connections that are refreshed in it. */
  readonly count: number;
}

const recoveryRoute = {
  queueName: 'evergrant-local-recovery',
  functionName: 'evergrant-local-recover',
  batchSize: 1,
  maximumConcurrency: 10,
  reportsFailures: true,
};

/** The first refresh at the provider waits for the last: on a slow machine that takes a while. */
const quickSettings = { timeout: 25, write: 1, lease: 27, invocation: 90 };

/** Until every refresh is at the provider, on a machine with other work. */
const mostPreparingSeconds = 180;

/** Shorter than the lease, so that the write is repeated; and longer, so that the queue has to help. */
function listVariants({ quick, build }: Run): readonly Variant[] {
  if (quick) {
    return [
      { client: 'refused', outage: 'refused', seconds: 29, count: 4 },
      { client: 'frozen', outage: 'frozen', seconds: 3, count: 4 },
    ];
  }
  const longer = readRefreshSettings(build.service).lease + 15;
  return [
    { client: 'refused-short', outage: 'refused', seconds: 5, count: 20 },
    { client: 'refused-long', outage: 'refused', seconds: longer, count: 20 },
    { client: 'frozen-short', outage: 'frozen', seconds: 5, count: 20 },
    { client: 'frozen-long', outage: 'frozen', seconds: longer, count: 20 },
  ];
}

/** The store goes away between the provider's answer and our write of it: nothing is lost. */
export const storeOutage: Experiment = async (run) => {
  const { build, quick } = run;
  const variants = listVariants(run);
  const settings = quick ? buildRefreshSettings(quickSettings) : {};
  const clients = variants.map(({ client }) => client);
  const stack = await startStack(build, { clients, ...(quick && { recoveryDelaySeconds: 2 }) });
  const poller = startQueuePoller({
    sqs: stack.queuesUrl,
    lambda: stack.lambda.url,
    routes: [recoveryRoute],
  });
  try {
    const connections = await stack.start({ key: 'connections', count: 1 });
    await stack.start({ key: 'recover', count: 1, pool: recoveryRoute.functionName });
    const results = await Promise.all(
      variants.map((variant) => tryVariant(stack, variant, { connections, settings, run })),
    );
    return {
      parameters: {
        ...settings,
        recovery_queue_delay_seconds: quick ? 2 : 'as deployed',
      },
      measured: { variants: results },
      expectations: results.flatMap(({ client, connections: all, alive, sent_again: again }) => [
        { expected: `${client}: no connection is lost`, holds: alive === all },
        { expected: `${client}: no refresh token is sent again`, holds: again === 0 },
      ]),
    };
  } finally {
    await poller.close();
    await stack.close();
  }
};

async function tryVariant(
  stack: Stack,
  variant: Variant,
  given: {
    readonly connections: readonly Child[];
    readonly settings: Readonly<Record<string, string>>;
    readonly run: Run;
  },
) {
  const { client, outage, seconds, count } = variant;
  const { connections, settings, run } = given;
  const proxy = await startStoreProxy((await stack.openStore()).url);
  const options = { settings, storeUrl: proxy.url };
  const workers = { connections, ...(await startWorkers(stack, client, options)) };
  await warmUp(stack, client, { ...workers, quick: run.quick });
  const names = Array.from({ length: count }, (_, index) => ({
    client,
    connection: `${client}-${index}`,
  }));
  await connectAll(stack, connections, { names, expiresAt: nowSeconds() - 1 });

  run.tell(`${client}: ${count} answers, and ${seconds} s without a store`);
  const replies = await refreshInOutage(stack, variant, { names, proxy, workers });
  const mendedAtMs = performance.now();
  const fates = await settleFates(stack, names, { ...workers, limitSeconds: 240 });
  const settledMs = performance.now() - mendedAtMs;
  const calls = (await stack.provider.calls(client)).filter(({ family }) =>
    names.some(({ connection }) => connection === family),
  );
  await proxy.close();
  return {
    ...{ client, outage, outage_seconds: seconds },
    refresh_answered: countEach(replies.map(describeReply)),
    ...countFates(fates, run.quick),
    ...judgeCalls(calls),
    all_settled_after_outage_seconds: round(settledMs / 1000),
  };
}

/** Refreshes all at once; the store is cut when every request is at the provider, which then answers. */
async function refreshInOutage(
  stack: Stack,
  { client, outage, seconds }: Variant,
  given: {
    readonly names: readonly ConnectionName[];
    readonly proxy: StoreProxy;
    readonly workers: Workers;
  },
): Promise<readonly unknown[]> {
  const { names, proxy, workers } = given;
  const { refreshing } = workers;
  const fences = await inParallel(names, 8, (name) => readFence(stack, name));
  const behaviour = { latency_ms: 0, replaces: 'when_answering', expires_in: 3600 } as const;
  await stack.provider.behave(client, { ...behaviour, holds: true });
  let isCut = false;
  const lastMs = performance.now() + mostPreparingSeconds * 1000;
  const replies = inParallel([...names.entries()], names.length, async ([index, name]) => {
    for (;;) {
      const worker = refreshing[index % refreshing.length];
      const reply = await refresh(worker, name, fences[index] ?? 0);
      // On a machine with other work the store may have been too slow before anything was sent.
      const isOver = isCut || performance.now() > lastMs;
      if (isOver || describeReply(reply) !== 'function_error') return reply;
      await pass(0.5);
    }
  });
  await waitUntil('every refresh is at the provider', mostPreparingSeconds, async () => {
    return (await stack.provider.held(client)) === names.length;
  });
  isCut = true;
  proxy.cut(outage);
  await stack.provider.behave(client, behaviour);
  await stack.provider.release(client);
  await pass(seconds);
  proxy.mend();
  return replies;
}

async function startWorkers(
  stack: Stack,
  client: string,
  options: {
    readonly settings: Readonly<Record<string, string>>;
    readonly storeUrl: string;
  },
): Promise<{ readonly vending: readonly Child[]; readonly refreshing: readonly Child[] }> {
  const pool = `evergrant-local-refresh-${client}`;
  const [vending, refreshing] = await Promise.all([
    stack.start({ key: 'vend', count: 1, settings: { REFRESH_FUNCTION: pool } }),
    stack.start({ key: 'refresh', count: 2, pool, ...options }),
  ]);
  return { vending, refreshing };
}

function describeReply(reply: unknown): string {
  const { outcome } = (reply ?? {}) as { readonly outcome?: string };
  return outcome ?? 'function_error';
}
