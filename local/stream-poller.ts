import { EventEmitter, once } from 'node:events';
import * as v from 'valibot';
import { systemClock } from '../lib/time.ts';
import type { ChangeRecord } from './change-feed.ts';

/** A table's stream and the function that follows it. */
export interface StreamRoute {
  readonly tableName: string;
  readonly functionName: string;
  /** How many records go into one invocation at most. */
  readonly batchSize: number;
  /** Whether the function's answer names the record that failed first. */
  readonly reportsFailures: boolean;
}

export interface StreamPoller {
  /** Takes a record for whatever follows its table. */
  readonly push: (table: string, record: ChangeRecord) => void;
  /** Begins to deliver, to this Lambda endpoint. */
  readonly start: (lambda: string) => void;
  /** Stops delivering; resolves when the invocation under way has ended. */
  readonly close: () => Promise<void>;
}

/** How long a function that failed is left alone. */
const pauseMs = 1000;

const answerSchema = v.nullish(
  v.object({
    batchItemFailures: v.nullish(v.array(v.object({ itemIdentifier: v.string() }))),
  }),
);

/**
 * Does what Lambda does for functions with a stream as event source: invokes with the next records,
 * in order, and again from the first that failed. It gives nothing up; what has not been delivered
 * when it closes is lost.
 */
export function createStreamPoller(routes: readonly StreamRoute[]): StreamPoller {
  const lanes = routes.map((route) => ({ route, waiting: [] as ChangeRecord[] }));
  const stop = new AbortController();
  const bell = new EventEmitter();
  let loops: readonly Promise<void>[] = [];

  const follow = async ({ route, waiting }: (typeof lanes)[number], lambda: string) => {
    while (!stop.signal.aborted) {
      const batch = waiting.slice(0, route.batchSize);
      if (batch.length === 0) {
        await once(bell, 'record');
        continue;
      }
      const done = await deliver(route, batch, lambda);
      waiting.splice(0, done);
      if (done < batch.length && !stop.signal.aborted) await systemClock.sleep(pauseMs);
    }
  };
  return {
    push: (table, record) => {
      for (const { route, waiting } of lanes) {
        if (route.tableName === table) waiting.push(record);
      }
      bell.emit('record');
    },
    start: (lambda) => {
      loops = lanes.map((lane) => follow(lane, lambda));
    },
    close: async () => {
      stop.abort();
      bell.emit('record');
      await Promise.all(loops);
    },
  };
}

/** @returns how many from the beginning are done. */
async function deliver(
  { functionName, reportsFailures }: StreamRoute,
  records: readonly ChangeRecord[],
  lambda: string,
): Promise<number> {
  try {
    const response = await fetch(`${lambda}/2015-03-31/functions/${functionName}/invocations`, {
      method: 'POST',
      body: JSON.stringify({ Records: records }),
    });
    const answer = await response.text();
    if (!response.ok || response.headers.has('x-amz-function-error')) return 0;
    return reportsFailures ? countDone(records, answer) : records.length;
  } catch (error) {
    console.error(`${functionName}:`, error);
    return 0;
  }
}

/**
 * How many records are done, by the function's partial batch response (untrusted): all for one
 * without failures, none for one that is malformed or names a record that was not sent.
 */
export function countDone(records: readonly ChangeRecord[], answer: string): number {
  const parsed = v.safeParse(answerSchema, readJson(answer));
  if (!parsed.success) return 0;
  const failed = (parsed.output?.batchItemFailures ?? []).map(({ itemIdentifier }) =>
    records.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === itemIdentifier),
  );
  return failed.length === 0 ? records.length : Math.max(0, Math.min(...failed));
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
