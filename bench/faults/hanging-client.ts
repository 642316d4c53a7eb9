import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { systemClock } from '../../lib/time.ts';
import { startQueuePoller } from '../../local/queue-poller.ts';
import { type ConnectionName, connectAll } from './callers.ts';
import { type Experiment, nowSeconds, pass } from './experiment.ts';
import { inParallel } from './in-parallel.ts';
import { askJson } from './json-call.ts';
import { type Build, type Stack, startStack } from './stack.ts';
import { describeValues, round } from './statistics.ts';

const clientCount = 20;
const hanging = 'client-0';
const refreshPool = 'evergrant-local-refresh';
const latencyMs = 20;

interface Scale {
  readonly perClient: number;
  /** Between two runs of the schedule. */
  readonly runSeconds: number;
  readonly hangSeconds: number;
  /** The others have to be fresh by then; they are waited for a little longer, to see how far they are. */
  readonly freshWithinSeconds: number;
}

/** One client's provider hangs on every call: the others' connections are refreshed all the same. */
export const hangingClient: Experiment = async (build, quick) => {
  const scale: Scale = quick
    ? { perClient: 12, runSeconds: 5, hangSeconds: 30, freshWithinSeconds: 20 }
    : { perClient: 500, runSeconds: 60, hangSeconds: 30, freshWithinSeconds: 200 };
  const clients = Array.from({ length: clientCount }, (_, index) => `client-${index}`);
  const stack = await startStack(build, { clients });
  try {
    const names = await connectDue(stack, clients, scale);
    await setLatencies(stack, clients, scale);
    const progress = await refreshAll(stack, build, { clients, scale });
    const fresh = await countFresh(stack, names);
    const seconds = [...progress.seconds.values()];
    const others = (clientCount - 1) * scale.perClient;
    return {
      parameters: {
        ...{ clients: clientCount, due_per_client: scale.perClient, hanging_clients: 1 },
        ...{ schedule_every_seconds: scale.runSeconds, hangs_seconds: scale.hangSeconds },
        ...{ provider_latency_ms: latencyMs, refresh_processes: 2, queue: readSource(build) },
      },
      measured: {
        others_fresh: fresh,
        others_not_fresh: others - fresh,
        clients_fresh_after_seconds: describeValues(seconds),
        clients_never_fresh: clientCount - 1 - seconds.length,
        ended_after_seconds: round(progress.elapsedSeconds),
        schedule_runs: progress.runs,
        calls_of_the_hanging_client: (await stack.provider.calls(hanging)).length,
      },
      expectations: [
        {
          expected: `every other client's connections are fresh within ${scale.freshWithinSeconds} s`,
          holds: fresh === others && progress.elapsedSeconds <= scale.freshWithinSeconds,
        },
      ],
    };
  } finally {
    await stack.close();
  }
};

async function connectDue(
  stack: Stack,
  clients: readonly string[],
  { perClient }: Scale,
): Promise<readonly ConnectionName[]> {
  const workers = await stack.start({ key: 'connections', count: 2 });
  const names = clients.flatMap((client) =>
    Array.from({ length: perClient }, (_, index) => ({ client, connection: `${client}-${index}` })),
  );
  await connectAll(stack, workers, { names, expiresAt: nowSeconds() - 1 });
  await Promise.all(workers.map(({ kill }) => kill()));
  return names;
}

async function setLatencies(
  { provider }: Stack,
  clients: readonly string[],
  { hangSeconds }: Scale,
): Promise<void> {
  for (const client of clients) {
    const latency = client === hanging ? hangSeconds * 1000 : latencyMs;
    const behaviour = { replaces: 'when_answering', expires_in: 3600 } as const;
    await provider.behave(client, { ...behaviour, latency_ms: latency });
  }
}

interface Progress {
  /** When each of the others had all its answers, in seconds from the first run. */
  readonly seconds: ReadonlyMap<string, number>;
  readonly runs: number;
  readonly elapsedSeconds: number;
}

/** Runs the schedule and works off its queue until the other clients are through, or it is late. */
async function refreshAll(
  stack: Stack,
  build: Build,
  { clients, scale }: { readonly clients: readonly string[]; readonly scale: Scale },
): Promise<Progress> {
  await stack.start({ key: 'refresh', count: 2, pool: refreshPool });
  const [scheduler] = await stack.start({ key: 'refresh-due', count: 1 });
  if (!scheduler) throw new Error('refresh-due did not start');
  const poller = startQueuePoller({
    sqs: stack.queuesUrl,
    lambda: stack.lambda.url,
    routes: [
      {
        ...{ queueName: 'evergrant-local-refresh.fifo', functionName: refreshPool },
        ...{ ...readSource(build), reportsFailures: true },
      },
    ],
  });
  const beganMs = performance.now();
  const elapsed = () => (performance.now() - beganMs) / 1000;
  const seconds = new Map<string, number>();
  let runs = 0;
  while (seconds.size < clients.length - 1 && elapsed() < 1.2 * scale.freshWithinSeconds) {
    if (elapsed() >= runs * scale.runSeconds) {
      runs += 1;
      void askJson(`${scheduler.url}/invoke`).catch(reportScheduleFailure);
    }
    const counts = await stack.provider.counts();
    for (const client of clients) {
      const isThrough = (counts[client] ?? 0) >= scale.perClient;
      if (client !== hanging && isThrough && !seconds.has(client)) seconds.set(client, elapsed());
    }
    await pass(0.25);
  }
  const elapsedSeconds = elapsed();
  await Promise.race([poller.close(), systemClock.sleep(1500)]);
  return { seconds, runs, elapsedSeconds };
}

/** How the queue feeds `refresh`, as deployed. */
function readSource({ service }: Build) {
  const sqs = service.functions.refresh?.events?.find((event) => event.sqs)?.sqs;
  if (!sqs) throw new Error('refresh has no queue');
  const { batchSize, maximumConcurrency } = sqs;
  return { batchSize, maximumConcurrency };
}

function reportScheduleFailure(error: unknown): void {
  console.error('refresh-due:', error);
}

/** How many of the others' tokens are stored with their life before them. */
async function countFresh(stack: Stack, names: readonly ConnectionName[]): Promise<number> {
  const others = names.filter(({ client }) => client !== hanging);
  const chunks = Array.from({ length: Math.ceil(others.length / 100) }, (_, index) =>
    others.slice(index * 100, (index + 1) * 100),
  );
  const table = 'evergrant-local-tokens';
  const counts = await inParallel(chunks, 4, async (chunk) => {
    const Keys = chunk.map(({ client, connection }) => ({ pk: { S: `${client}/${connection}` } }));
    const { Responses } = await stack.dynamodb.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys } } }),
    );
    return (Responses?.[table] ?? []).filter(
      ({ token_expires_at: end }) => Number(end?.N) > nowSeconds() + 60,
    ).length;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
