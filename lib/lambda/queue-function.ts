import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { isFault } from '../fault.ts';
import { endsWithItsTime } from '../invocation-end.ts';
import type { FunctionLog } from '../log.ts';
import { describeFailure } from '../problem.ts';

/**
 * Wraps a function that works off a queue. Messages of different groups are handled side by side,
 * those of one group in order.
 *
 * A message fails only if `handle` throws; then the rest of its group is left for later too, so
 * that their order holds. A message of a form that nobody knows is logged and dropped: no
 * redelivery would make it readable.
 */
export function queueFunction(
  log: FunctionLog,
  handle: (body: string, context: Context) => Promise<void>,
) {
  const handleRecord = async (record: SQSRecord, context: Context): Promise<boolean> => {
    try {
      await handle(record.body, context);
      return true;
    } catch (error) {
      const drop = isFault(error) && error.code === 'REQUEST_INVALID';
      const details = { messageId: record.messageId, ...describeFailure(error) };
      log.error(drop ? 'message_dropped' : 'message_failed', details);
      return drop;
    }
  };
  return middy<SQSEvent, SQSBatchResponse>(endsWithItsTime)
    .before(({ context }) => log.begin(context))
    .handler(async (event: SQSEvent, context: Context) => {
      const records = readRecords(log, event);
      const groups = Map.groupBy(
        records,
        ({ attributes, messageId }) => attributes.MessageGroupId ?? messageId,
      );
      const failures = await Promise.all(
        [...groups.values()].map(async (group) => {
          for (const [index, record] of group.entries()) {
            if (!(await handleRecord(record, context))) return group.slice(index);
          }
          return [];
        }),
      );
      return {
        batchItemFailures: failures.flat().map(({ messageId }) => ({ itemIdentifier: messageId })),
      };
    });
}

/**
 * The records of an event. Whoever may invoke the function can send it anything; what SQS never
 * sends ends the invocation, without a word of it.
 */
function readRecords(log: FunctionLog, event: SQSEvent): readonly SQSRecord[] {
  const records: unknown = event?.Records;
  if (Array.isArray(records) && records.every(isRecord)) return records;
  log.error('invocation_failed', {
    code: 'REQUEST_INVALID',
    problems: ['this is no event of SQS'],
  });
  throw new Error('the invocation failed; the log tells why');
}

function isRecord(record: unknown): record is SQSRecord {
  if (typeof record !== 'object' || record === null) return false;
  const { messageId, body, attributes }: Partial<Record<keyof SQSRecord, unknown>> = record;
  const hasTexts = typeof messageId === 'string' && typeof body === 'string';
  return hasTexts && typeof attributes === 'object' && attributes !== null;
}
