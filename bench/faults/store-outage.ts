import { startQueuePoller } from '../../local/queue-poller.ts';
import { connectAll, readFence, refresh, warmUp } from './callers.ts';
import type { Child } from './child.ts';
import { type Experiment, nowSeconds, pass, waitUntil } from './experiment.ts';
import { countFates, judgeCalls, settleFates } from './fates.ts';
import { inParallel } from './in-parallel.ts';
import { type Stack, startStack } from './stack.ts';
import { countEach, round } from './statistics.ts';
import { type Outage, startStoreProxy } from './store-proxy.ts';

/** How the store is away, and for how long. */
interface Variant {
  readonly client: string;
  readonly outage: Outage;
  readonly seconds: number;
}

const perVariant = 20;

/** Shorter than the lease, so that the write is repeated; and longer, so that the queue has to help. */
function listVariants(quick: boolean): readonly Variant[] {
  if (quick) {
    return [
      { client: 'refused', outage: 'refused', seconds: 7 },
      { client: 'frozen', outage: 'frozen', seconds: 2 },
    ];
  }
  return [
    { client: 'refused-short', outage: 'refused', seconds: 5 },
    { client: 'refused-long', outage: 'refused', seconds: 45 },
    { client: 'frozen-short', outage: 'frozen', seconds: 5 },
    { client: 'frozen-long', outage: 'frozen', seconds: 45 },
  ];
}

/** The store goes away between the provider's answer and our write of it: nothing is lost. */
export const storeOutage: Experiment = async (build, quick) => {
  const variants = listVariants(quick);
  const settings = quick
    ? { PROVIDER_TIMEOUT_SECONDS: '2', STORE_WRITE_SECONDS: '1', LEASE_SECONDS: '6' }
    : {};
  const clients = variants.map(({ client }) => client);
  const stack = await startStack(build, { clients, ...(quick && { recoveryDelaySeconds: 2 }) });
  const poller = startQueuePoller({
    sqs: stack.queuesUrl,
    lambda: stack.lambda.url,
    routes: [
      {
        ...{ queueName: 'evergrant-local-recovery', functionName: 'evergrant-local-recover' },
        ...{ batchSize: 1, maximumConcurrency: 10, reportsFailures: true },
      },
    ],
  });
  try {
    const connections = await stack.start({ key: 'connections', count: 1 });
    await stack.start({ key: 'recover', count: 1, pool: 'evergrant-local-recover' });
    const results = await Promise.all(
      variants.map((variant) => tryVariant(stack, variant, { connections, settings })),
    );
    return {
      parameters: {
        ...{ connections_per_variant: perVariant, ...settings },
        recovery_queue_delay_seconds: quick ? 2 : 'as deployed',
      },
      measured: { variants: results },
      expectations: results.flatMap(({ client, ...measured }) => [
        {
          expected: `${client}: no connection is lost`,
          holds: measured.alive === perVariant,
        },
        {
          expected: `${client}: no refresh token is sent again`,
          holds: measured.sent_again === 0,
        },
      ]),
    };
  } finally {
    await stack.close();
    await poller.close();
  }
};

async function tryVariant(
  stack: Stack,
  { client, outage, seconds }: Variant,
  given: {
    readonly connections: readonly Child[];
    readonly settings: Readonly<Record<string, string>>;
  },
) {
  const { connections, settings } = given;
  const proxy = await startStoreProxy(stack.storeUrl);
  const { vending, refreshing } = await startWorkers(stack, client, {
    settings,
    storeUrl: proxy.url,
  });
  await warmUp(stack, client, { connections, vending, refreshing });
  const names = Array.from({ length: perVariant }, (_, index) => ({
    client,
    connection: `${client}-${index}`,
  }));
  await connectAll(stack, connections, { names, expiresAt: nowSeconds() - 1 });
  const fences = await inParallel(names, 8, (name) => readFence(stack, name));

  const behaviour = { latency_ms: 0, replaces: 'when_answering', expires_in: 3600 } as const;
  await stack.provider.behave(client, { ...behaviour, holds: true });
  const replies = inParallel([...names.entries()], perVariant, ([index, name]) =>
    refresh(refreshing[index % refreshing.length], name, fences[index] ?? 0),
  );
  await waitUntil('every refresh is at the provider', 20, async () => {
    return (await stack.provider.held(client)) === perVariant;
  });
  proxy.cut(outage);
  const cutAtMs = performance.now();
  await stack.provider.behave(client, behaviour);
  await stack.provider.release(client);
  await pass(seconds);
  proxy.mend();

  const answered = (await replies).map(describeReply);
  const fates = await settleFates(stack, names, { vending, connections, limitSeconds: 240 });
  const settledSeconds = round((performance.now() - cutAtMs) / 1000);
  const calls = (await stack.provider.calls(client)).filter(({ family }) =>
    names.some(({ connection }) => connection === family),
  );
  await proxy.close();
  return {
    ...{ client, outage, outage_seconds: seconds, refresh_answered: countEach(answered) },
    ...countFates(fates),
    ...judgeCalls(calls),
    all_settled_after_seconds: settledSeconds,
  };
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
