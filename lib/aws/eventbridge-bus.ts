import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import type { BrokerEvent } from '../broker/event.ts';
import type { Delivery, EventBus } from '../broker/publish-events.ts';
import type { Clock } from '../time.ts';
import { errorName } from './store-fault.ts';

/** A bus, how we are called on it, and the client to reach it by. */
export interface Bus {
  readonly client: EventBridgeClient;
  readonly name: string;
  /** `evergrant-{stage}`: rules match it, and our role may use no other. */
  readonly source: string;
  readonly clock: Clock;
}

/** What PutEvents takes at once: so many entries, so large together. */
const mostEntries = 10;
const mostBytes = 256 * 1024;
/** As PutEvents counts an entry that has a time. */
const timeBytes = 14;

const triesAtMost = 3;
const firstPauseMs = 100;

/** What is wrong with the entry itself: it would be refused again. */
const refusals = new Set(['MalformedDetail', 'InvalidArgument', 'RedactionFailure']);

const delivered: Delivery = { ending: 'delivered' };

/**
 * A bus of EventBridge. PutEvents answers 200 even if it took none: each entry has its own ending.
 */
export function eventBridgeBus(bus: Bus): EventBus {
  return {
    put: async (events) => {
      const deliveries: Delivery[] = [];
      for (const batch of batches(events.map((event) => buildEntry(bus, event)))) {
        const broken = deliveries.find(({ ending }) => ending === 'failed');
        deliveries.push(...(broken ? batch.map(() => broken) : await putBatch(bus, batch)));
      }
      return deliveries;
    },
  };
}

function buildEntry(
  { name, source }: Bus,
  { type, occurredAt, detail }: BrokerEvent,
): PutEventsRequestEntry {
  return {
    EventBusName: name,
    Source: source,
    DetailType: type,
    Time: new Date(occurredAt * 1000),
    Detail: JSON.stringify(detail),
  };
}

/** One of them may be empty: it is sent nowhere. */
function* batches(
  entries: readonly PutEventsRequestEntry[],
): Generator<readonly PutEventsRequestEntry[]> {
  let batch: PutEventsRequestEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = sizeOf(entry);
    if (batch.length === mostEntries || bytes + size > mostBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  yield batch;
}

function sizeOf({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number {
  const texts = [Source, DetailType, Detail];
  return timeBytes + texts.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
}

/** Puts a batch, and again what was not taken for reasons that pass. */
async function putBatch(
  bus: Bus,
  batch: readonly PutEventsRequestEntry[],
): Promise<readonly Delivery[]> {
  if (batch.some((entry) => sizeOf(entry) > mostBytes)) {
    return batch.map(() => ({ ending: 'refused', code: 'too_large' }));
  }
  const deliveries: Delivery[] = batch.map(() => ({ ending: 'failed', code: 'unknown' }));
  let open = [...batch.keys()];
  for (let tries = 1; open.length > 0 && tries <= triesAtMost; tries += 1) {
    if (tries > 1) await bus.clock.sleep(firstPauseMs * (tries - 1));
    const entries = open.flatMap((index) => batch[index] ?? []);
    const answers = await putOnce(bus, entries);
    for (const [at, index] of open.entries()) deliveries[index] = answers[at] ?? delivered;
    open = open.filter((index) => deliveries[index]?.ending === 'failed');
  }
  return deliveries;
}

async function putOnce(
  bus: Bus,
  entries: readonly PutEventsRequestEntry[],
): Promise<readonly Delivery[]> {
  try {
    const { Entries: answers = [] } = await bus.client.send(
      new PutEventsCommand({ Entries: [...entries] }),
    );
    return entries.map((_, index) => judge(answers[index]));
  } catch (error) {
    const code = errorName(error);
    if (code !== 'ValidationException') return entries.map(() => ({ ending: 'failed', code }));
    if (entries.length === 1) return [{ ending: 'refused', code }];
    // One of them makes the service refuse all.
    const alone: Delivery[] = [];
    for (const entry of entries) alone.push(...(await putOnce(bus, [entry])));
    return alone;
  }
}

/** An entry without an answer of its own was not taken, as far as anybody knows. */
function judge(answer: PutEventsResultEntry | undefined): Delivery {
  const { EventId: id, ErrorCode: code = 'unknown' } = answer ?? {};
  if (id !== undefined) return delivered;
  return { ending: refusals.has(code) ? 'refused' : 'failed', code };
}
