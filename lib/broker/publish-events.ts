import { type AnyFault, isFault } from '../fault.ts';
import type { ConnectionKey } from '../names.ts';
import { keyText } from '../names.ts';
import { type BrokerEvent, buildEvent, type DatedChange } from './event.ts';
import type { CountMetric, Log } from './ports.ts';

/** How the delivery of one event ended. `refused`: it will never be taken as it is. */
export type Delivery =
  | { readonly ending: 'delivered' }
  | { readonly ending: 'refused' | 'failed'; readonly code: string };

/** Where events go. */
export interface EventBus {
  /**
   * Delivers events, each at least once. One whose answer was lost may be there twice.
   *
   * @returns how each ended, in the same order. After a failure the rest is `failed` without a try.
   */
  put(events: readonly BrokerEvent[]): Promise<readonly Delivery[]>;
}

/** An event, or a record that none can be read from, that is given up. */
export interface DeadLetter {
  /** Of the record in the table's stream. */
  readonly position: string;
  readonly code: string;
  readonly problems?: readonly string[];
  readonly key?: ConnectionKey;
  readonly event?: BrokerEvent;
}

export interface DeadLetters {
  /** @throws {Fault} `STORE_UNAVAILABLE` */
  send(letter: DeadLetter): Promise<void>;
}

/** A record of the table's stream: a change, or what is wrong with it. */
export type ReadRecord =
  | ({ readonly position: string } & DatedChange)
  | {
      readonly position: string;
      readonly problems: readonly string[];
      readonly key?: ConnectionKey;
    };

interface Ports {
  readonly bus: EventBus;
  readonly deadLetters: DeadLetters;
  readonly publicBaseUrl: string;
  readonly log: Log;
  readonly count: CountMetric;
}

interface Outgoing {
  readonly index: number;
  readonly position: string;
  readonly event: BrokerEvent;
}

/**
 * Publishes what the records mean. Nothing is dropped: what can never be published is given to the
 * dead letters, and what could not be published now is asked for again.
 *
 * @param records - in the stream's order.
 * @returns the index of the first record from which all have to be delivered again; undefined: none.
 */
export async function publishEvents(
  ports: Ports,
  records: readonly ReadRecord[],
): Promise<number | undefined> {
  const outgoing: Outgoing[] = [];
  const failed: number[] = [];
  for (const [index, record] of records.entries()) {
    if ('problems' in record) {
      if (await giveUp(ports, { code: 'ROW_INVALID', ...record })) continue;
      failed.push(index);
      // All from here on come again: no use in waiting for the same queue once more.
      break;
    }
    const event = buildEvent(record, ports.publicBaseUrl);
    if (event) outgoing.push({ index, position: record.position, event });
  }
  failed.push(...(await deliver(ports, outgoing)));
  return failed.length > 0 ? Math.min(...failed) : undefined;
}

/** @returns which of them are to be delivered again. */
async function deliver(ports: Ports, outgoing: readonly Outgoing[]): Promise<readonly number[]> {
  if (outgoing.length === 0) return [];
  const deliveries = await ports.bus.put(outgoing.map(({ event }) => event));
  const failed: number[] = [];
  let delivered = 0;
  for (const [at, { index, position, event }] of outgoing.entries()) {
    const delivery = deliveries[at] ?? { ending: 'failed', code: 'unknown' };
    if (delivery.ending === 'delivered') {
      delivered += 1;
      ports.count('event_published', { type: event.type });
    } else if (delivery.ending === 'failed') {
      if (failed.length === 0) ports.log.warn('events_delayed', { code: delivery.code });
      failed.push(index);
    } else if (!(await giveUp(ports, { position, code: delivery.code, event }))) {
      failed.push(index);
      break;
    }
  }
  ports.log.info('events_published', { sent: delivered });
  return failed;
}

/** False when the dead letters did not take it: then it is tried again. */
async function giveUp({ deadLetters, log }: Ports, letter: DeadLetter): Promise<boolean> {
  const { code, problems, key, event } = letter;
  log.error('event_not_published', {
    code,
    ...(problems && { problems }),
    ...(key && { connection: keyText(key) }),
    ...(event && { kind: event.type }),
    advice: 'it lies in the dead-letter queue of events; repair what is named',
  });
  try {
    await deadLetters.send(letter);
    return true;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    log.warn('events_delayed', { code: error.code, context: error.context });
    return false;
  }
}

function isUnavailable(error: unknown): error is AnyFault {
  return isFault(error) && error.code === 'STORE_UNAVAILABLE';
}
