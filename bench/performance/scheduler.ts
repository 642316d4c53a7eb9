import { join } from 'node:path';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { dueShard } from '../../lib/aws/due-shard.ts';
import { keyText, parseConnectionKey } from '../../lib/names.ts';
import type { Child } from '../stack/child.ts';
import { dueWithinSeconds } from '../stack/due-connections.ts';
import { inParallel } from '../stack/in-parallel.ts';
import { askJson } from '../stack/json-call.ts';
import type { Usage } from '../stack/measure-invocations.ts';
import { startMeteredStore } from '../stack/metered-store.ts';
import { startStack } from '../stack/start-stack.ts';
import { nowSeconds } from '../stack/waiting.ts';
import type { Figure } from './figure.ts';
import { type Measure, type Measuring, repeat } from './measure.ts';

const table = 'evergrant-local-connections';

/** So many of each client: even a tenth of them is within what a client's lanes do in a minute. */
const perClient = 1000;
const percentages = [0, 1, 10];
/** About as many as one run can send before its time is over. */
const mostDue = 100_000;
/** Each takes the stand-in some 5 KB of memory. */
const mostInMemory = 100_000;
const itemsPerWrite = 25;

/** What a run of the schedule takes, by what is stored and what of it is due. */
export const scheduler: Measure = async function* (measuring) {
  const stored = measuring.quick ? [1000] : [1000, 10_000, 100_000, 1_000_000];
  for (const count of stored) yield* measureStored(count, measuring);
};

async function* measureStored(
  stored: number,
  { build, runs, tell }: Measuring,
): AsyncGenerator<readonly Figure[]> {
  const isInMemory = stored <= mostInMemory;
  const stack = await startStack(build, {
    clients: [],
    ...(!isInMemory && { storeFolder: join(build.folder, `${stored}-stored`) }),
  });
  const meter = await startMeteredStore((await stack.openStore()).url);
  try {
    tell(`${stored} connections are stored`);
    const shards = Number(stack.environment({ key: 'refresh-due' }).DUE_SHARDS);
    for (const percentage of percentages.filter((each) => (stored * each) / 100 <= mostDue)) {
      await writeRows(stack.dynamodb, { stored, percentage, shards });
      tell(`${percentage} % of ${stored} are due`);
      const [plain] = await stack.start({ key: 'refresh-due', count: 1 });
      const [metered] = await stack.start({ key: 'refresh-due', count: 1, storeUrl: meter.url });
      if (!plain || !metered) throw new Error('refresh-due did not start');
      const due = (stored * percentage) / 100;
      const times = await timeRuns(plain, { runs, due });
      const units = await countUnits(metered, meter.takeTally, { runs, due });
      const name = `scheduler.${stored}_stored.${percentage}_percent_due`;
      const parameters = { stored, due, clients: stored / perClient, shards };
      yield [
        { figure: `${name}.run`, unit: 'ms', runs: times.map((each) => each.ms), parameters },
        { figure: `${name}.read`, unit: 'units', runs: units, parameters },
        { figure: `${name}.memory`, unit: 'MiB', runs: times.map((each) => each.mib), parameters },
      ];
      await Promise.all([plain.kill(), metered.kill()]);
    }
  } finally {
    await meter.close();
    await stack.close();
  }
}

interface Wanted {
  readonly runs: number;
  /** How many have to be sent. */
  readonly due: number;
}

/** Once more, first, so that the process is warm. */
async function timeRuns(worker: Child, { runs, due }: Wanted) {
  const times = await repeat(runs + 1, async () => {
    const beganMs = performance.now();
    await runOnce(worker, due);
    const ms = performance.now() - beganMs;
    const { rss_bytes: rss } = await askJson<Usage>(`${worker.url}/usage`);
    return { ms, mib: rss / 2 ** 20 };
  });
  return times.slice(1);
}

async function countUnits(
  worker: Child,
  takeTally: () => Promise<Readonly<Record<string, { readonly units: number }>>>,
  { runs, due }: Wanted,
): Promise<readonly number[]> {
  return repeat(runs, async () => {
    await takeTally();
    await runOnce(worker, due);
    const tally = Object.values(await takeTally());
    return tally.reduce((sum, { units }) => sum + units, 0);
  });
}

async function runOnce({ url }: Child, due: number): Promise<void> {
  const { sent } = await askJson<{ readonly sent: number }>(`${url}/invoke`);
  if (sent !== due) throw new Error(`${sent} were sent of ${due} that are due`);
}

interface Stored {
  readonly stored: number;
  readonly shards: number;
  /** Of them that are due. */
  readonly percentage: number;
}

/** Rows with what the schedule reads of them, and as long as a real one is. */
async function writeRows(
  dynamodb: DynamoDBClient,
  { stored, shards, percentage }: Stored,
): Promise<void> {
  const now = nowSeconds();
  const isDue = (index: number) => index % 100 < percentage;
  const all = Array.from({ length: stored }, (_, index) => index);
  // What is not due is there from the first time.
  const written = percentage === 0 ? all : all.filter(isDue);
  const batches = Array.from({ length: Math.ceil(written.length / itemsPerWrite) }, (_, batch) =>
    written.slice(batch * itemsPerWrite, (batch + 1) * itemsPerWrite),
  );
  await inParallel(batches, 8, (batch) => {
    const puts = batch.map((index) => {
      const apartSeconds = index % dueWithinSeconds;
      const refreshAt = isDue(index) ? now - 60 - apartSeconds : now + 86_400 + apartSeconds;
      return { PutRequest: { Item: buildRow(index, { refreshAt, shards }) } };
    });
    return dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
  });
}

function buildRow(
  index: number,
  { refreshAt, shards }: { readonly refreshAt: number; readonly shards: number },
): Record<string, AttributeValue> {
  const key = parseConnectionKey({
    client: `client-${Math.floor(index / perClient)}`,
    connection: `connection-${index}`,
  });
  return {
    pk: { S: keyText(key) },
    shard: { N: `${dueShard(key, shards)}` },
    refresh_at: { N: `${refreshAt}` },
    sealed: { S: 'x'.repeat(500) },
  };
}
