import middy from '@middy/core';
import type {
  Context,
  DynamoDBBatchResponse,
  DynamoDBRecord,
  DynamoDBStreamEvent,
} from 'aws-lambda';
import { Fault } from '../fault.ts';
import type { FunctionLog } from '../log.ts';
import { describeFailure } from '../problem.ts';

/**
 * Wraps a function that follows the stream of a table. Records are handled in the stream's order.
 *
 * @param handle - answers the index of the first record from which all are to be delivered again, or
 *   undefined. What it throws has the whole batch delivered again, in halves.
 */
export function streamFunction(
  log: FunctionLog,
  handle: (records: readonly DynamoDBRecord[], context: Context) => Promise<number | undefined>,
) {
  return middy<DynamoDBStreamEvent, DynamoDBBatchResponse>()
    .before(({ context }) => log.begin(context))
    .handler(async (event: DynamoDBStreamEvent, context: Context) => {
      try {
        const records = readRecords(event);
        const first = await handle(records, context);
        return { batchItemFailures: first === undefined ? [] : [itemOf(records[first])] };
      } catch (error) {
        // Never the records themselves: their images hold what is sealed.
        log.error('invocation_failed', describeFailure(error));
        throw new Error('the invocation failed; the log tells why');
      }
    });
}

function readRecords(event: DynamoDBStreamEvent): readonly DynamoDBRecord[] {
  const records: unknown = event?.Records;
  if (Array.isArray(records) && records.every(isRecord)) return records;
  throw new Fault('REQUEST_INVALID', { problems: ['this is no event of a stream'] });
}

function isRecord(record: unknown): record is DynamoDBRecord {
  const { dynamodb }: { readonly dynamodb?: unknown } = Object(record);
  const { SequenceNumber: position }: { readonly SequenceNumber?: unknown } = Object(dynamodb);
  return typeof position === 'string' && position !== '';
}

function itemOf(record: DynamoDBRecord | undefined) {
  return { itemIdentifier: record?.dynamodb?.SequenceNumber ?? '' };
}
