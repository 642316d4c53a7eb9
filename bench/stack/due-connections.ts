/**
 * Connections that are due, and how they come to be fresh by the schedule.
 *
 * @module
 */
import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { systemClock } from '../../lib/time.ts';
import { startQueuePoller } from '../../local/queue-poller.ts';
import { type Clocked, type ConnectionName, connectAll } from './callers.ts';
import type { Child } from './child.ts';
import { inParallel } from './in-parallel.ts';
import { askJson } from './json-call.ts';
import type { ProviderControl } from './provider-control.ts';
import { listResources } from './service.ts';
import type { Build, Stack } from './start-stack.ts';
import { nowSeconds, pass } from './waiting.ts';

const refreshPool = 'evergrant-local-refresh';
const tokensTable = 'evergrant-local-tokens';

/** dynalite tells index entries of one moment apart by 24 bits: of many thousands it loses some. */
export const dueWithinSeconds = 3600;

/** Connects so many of each client whose tokens have ended. */
export async function connectDue(
  stack: Stack,
  clients: readonly string[],
  perClient: number,
): Promise<readonly ConnectionName[]> {
  const workers = await stack.start({ key: 'connections', count: 2 });
  const names = clients.flatMap((client) =>
    Array.from({ length: perClient }, (_, index) => ({ client, connection: `${client}-${index}` })),
  );
  const now = nowSeconds();
  const expiresAt = (index: number) => now - 1 - (index % dueWithinSeconds);
  await connectAll(stack, workers, { names, expiresAt });
  await Promise.all(workers.map(({ kill }) => kill()));
  return names;
}

/** The functions of the schedule, and what feeds them. */
export interface Schedule {
  readonly scheduler: Child;
  readonly refreshing: readonly Child[];
  /** Everything whose clock has to move with it. */
  readonly clocked: readonly Clocked[];
  /** How the queue feeds `refresh`. */
  readonly source: { readonly batchSize: number; readonly maximumConcurrency: number };
  /** How long the queue hides a message that has not been acknowledged. */
  readonly visibilitySeconds: number;
  /** How many messages were given back, because our own store was too slow for them. */
  readonly givenBack: () => number;
  readonly stop: () => Promise<void>;
}

export interface ScheduleOptions {
  /** Processes of `refresh`. */
  readonly processes: number;
  /** How many messages are with them at once, where that is not what is deployed. */
  readonly atOnce?: number;
  /** Of `refresh`, where they are not those that are deployed. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts them, and a poller that feeds them from the queue. */
export async function startSchedule(
  stack: Stack,
  build: Build,
  { processes, atOnce, settings = {} }: ScheduleOptions,
): Promise<Schedule> {
  const store = await stack.openStore();
  const at = { storeUrl: store.url };
  const refreshing = await stack.start({
    ...{ ...at, key: 'refresh', count: processes, pool: refreshPool, settings },
  });
  const [scheduler] = await stack.start({ ...at, key: 'refresh-due', count: 1 });
  if (!scheduler) throw new Error('refresh-due did not start');
  const deployed = readSource(build);
  const queues = listResources(build.service, 'AWS::SQS::Queue');
  const source = { ...deployed, maximumConcurrency: atOnce ?? deployed.maximumConcurrency };
  const poller = startQueuePoller({
    sqs: stack.queuesUrl,
    lambda: stack.lambda.url,
    routes: [
      {
        ...{ queueName: 'evergrant-local-refresh.fifo', functionName: refreshPool },
        ...{ ...source, reportsFailures: true },
      },
    ],
  });
  return {
    ...{ source, scheduler, refreshing, clocked: [...refreshing, scheduler, store] },
    visibilitySeconds: Number(queues.RefreshQueue?.VisibilityTimeout),
    givenBack: () => stack.lambda.givenBack(refreshPool),
    // Invocations that hang are not waited for.
    stop: () => Promise.race([poller.close(), pass(1.5)]),
  };
}

/** How the queue feeds `refresh`, as deployed. */
function readSource({ service }: Build) {
  const sqs = service.functions.refresh?.events?.find((event) => event.sqs)?.sqs;
  if (!sqs) throw new Error('refresh has no queue');
  const { batchSize, maximumConcurrency } = sqs;
  return { batchSize, maximumConcurrency };
}

/** How soon clients' connections were answered for. */
export interface Progress {
  /** Milliseconds since 1970. */
  readonly beganAtMs: number;
  /** When each client had all its answers, in seconds from the first run of the schedule. */
  readonly seconds: ReadonlyMap<string, number>;
  /** How often the schedule has run. */
  readonly runs: number;
  readonly elapsedSeconds: number;
}

/** Runs the schedule until so many more answers have gone to each client, or it is late. */
export async function refreshAll(
  provider: ProviderControl,
  { scheduler }: Schedule,
  wanted: {
    readonly clients: readonly string[];
    readonly perClient: number;
    readonly runSeconds: number;
    readonly limitSeconds: number;
    readonly pollSeconds?: number;
  },
): Promise<Progress> {
  const { clients, perClient, runSeconds, limitSeconds, pollSeconds = 0.25 } = wanted;
  const before = await provider.counts();
  const beganAtMs = systemClock.nowMs();
  const beganMs = performance.now();
  const elapsed = () => (performance.now() - beganMs) / 1000;
  const seconds = new Map<string, number>();
  let runs = 0;
  while (seconds.size < clients.length && elapsed() < limitSeconds) {
    if (elapsed() >= runs * runSeconds) {
      runs += 1;
      void askJson(`${scheduler.url}/invoke`).catch(reportScheduleFailure);
    }
    const counts = await provider.counts();
    for (const client of clients) {
      const answered = (counts[client] ?? 0) - (before[client] ?? 0);
      if (answered >= perClient && !seconds.has(client)) seconds.set(client, elapsed());
    }
    await pass(pollSeconds);
  }
  return { beganAtMs, seconds, runs, elapsedSeconds: elapsed() };
}

function reportScheduleFailure(error: unknown): void {
  console.error('refresh-due:', error);
}

/** How many of these have a stored token that lives a minute beyond `now`, epoch seconds. */
export async function countFresh(
  { dynamodb }: Stack,
  names: readonly ConnectionName[],
  now: number,
): Promise<number> {
  const chunks = Array.from({ length: Math.ceil(names.length / 100) }, (_, index) =>
    names.slice(index * 100, (index + 1) * 100),
  );
  const counts = await inParallel(chunks, 4, async (chunk) => {
    const Keys = chunk.map(({ client, connection }) => ({ pk: { S: `${client}/${connection}` } }));
    const { Responses } = await dynamodb.send(
      new BatchGetItemCommand({ RequestItems: { [tokensTable]: { Keys } } }),
    );
    return (Responses?.[tokensTable] ?? []).filter(
      ({ token_expires_at: end }) => Number(end?.N) > now + 60,
    ).length;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
