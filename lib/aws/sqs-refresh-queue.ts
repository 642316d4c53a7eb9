import { createHash } from 'node:crypto';
import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { RefreshMessage, RefreshQueue } from '../broker/queue-ports.ts';
import { Fault } from '../fault.ts';
import { keyText } from '../names.ts';
import type { Clock } from '../time.ts';
import { buildRefreshMessage } from './refresh-message.ts';
import { calling } from './store-fault.ts';

/** A queue, and the client to reach it by. */
export interface Queue {
  readonly client: SQSClient;
  readonly url: string;
}

/** What SendMessageBatch takes at once. */
const batchSize = 10;
const triesAtMost = 3;
const firstPauseMs = 100;

const place = { store: 'refresh-queue', operation: 'send' };

/**
 * The refresh queue (FIFO).
 *
 * The group is client and lane. The deduplication id is made of the connection and the schedule that
 * made it due, so two runs of the scheduler within five minutes put it into the queue once.
 */
export function sqsRefreshQueue(queue: Queue & { readonly clock: Clock }): RefreshQueue {
  return {
    send: async (messages) => {
      const entries = messages.map(buildEntry);
      // One batch after another: within a group the order of sending is the order of handling.
      for (let start = 0; start < entries.length; start += batchSize) {
        await sendBatch(queue, entries.slice(start, start + batchSize));
      }
    },
  };
}

function buildEntry(message: RefreshMessage & { readonly lane: number }, index: number) {
  return {
    Id: `${index}`,
    MessageBody: buildRefreshMessage(message),
    MessageGroupId: `${message.client}#${message.lane}`,
    MessageDeduplicationId: createHash('sha256')
      .update(`${keyText(message)} ${message.refreshAt}`)
      .digest('hex'),
  };
}

/**
 * Sends one batch, and again what the service itself failed to take. An entry that it calls our
 * fault is not repeated.
 *
 * @throws {Fault} `STORE_UNAVAILABLE` when an entry was not taken in the end.
 */
async function sendBatch(
  { client, url, clock }: Queue & { readonly clock: Clock },
  batch: readonly SendMessageBatchRequestEntry[],
): Promise<void> {
  let entries = batch;
  for (let tries = 1; ; tries += 1) {
    const { Failed: failed = [] } = await calling(place, () =>
      client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [...entries] })),
    );
    const [first] = failed;
    if (!first) return;
    if (tries === triesAtMost || failed.some(({ SenderFault }) => SenderFault)) {
      throw new Fault('STORE_UNAVAILABLE', { ...place, reason: first.Code ?? 'unknown' });
    }
    const failedIds = new Set(failed.map(({ Id }) => Id));
    entries = entries.filter(({ Id }) => failedIds.has(Id));
    await clock.sleep(firstPauseMs * tries);
  }
}
