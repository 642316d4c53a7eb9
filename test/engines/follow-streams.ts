import {
  type _Record,
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import { systemClock } from '../../lib/time.ts';
import type { ChangeFeedOptions, ChangeRecord } from '../../local/change-feed.ts';
import type { Part } from '../../local/stack-parts.ts';
import { localCredentials } from '../support/local-credentials.ts';

const pauseMs = 50;

/**
 * Reads the streams of tables as Lambda does, shard by shard from their beginning, and passes every
 * record on in the JSON that Lambda makes of it.
 */
export async function followStreams(
  endpoint: string,
  { tables, onChange }: Pick<ChangeFeedOptions, 'tables' | 'onChange'>,
): Promise<Part> {
  const client = new DynamoDBStreamsClient({ endpoint, ...localCredentials });
  const stop = new AbortController();
  const following = tables.map((table) =>
    follow(client, table, { isStopped: () => stop.signal.aborted, onChange }),
  );
  return {
    close: async () => {
      stop.abort();
      await Promise.all(following);
      client.destroy();
    },
  };
}

interface Following extends Pick<ChangeFeedOptions, 'onChange'> {
  readonly isStopped: () => boolean;
}

async function follow(
  client: DynamoDBStreamsClient,
  table: string,
  { isStopped, onChange }: Following,
): Promise<void> {
  const { Streams = [] } = await client.send(new ListStreamsCommand({ TableName: table }));
  const StreamArn = Streams[0]?.StreamArn;
  if (StreamArn === undefined) throw new Error(`${table} has no stream`);
  /** How far each shard was read. */
  const lastNumbers = new Map<string, string | undefined>();
  while (!isStopped()) {
    const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn }));
    for (const { ShardId = '' } of StreamDescription?.Shards ?? []) {
      const place = { StreamArn, ShardId, after: lastNumbers.get(ShardId) };
      for (const record of await readShard(client, place)) {
        lastNumbers.set(ShardId, record.dynamodb?.SequenceNumber);
        onChange(table, toLambdaRecord(record));
      }
    }
    await systemClock.sleep(pauseMs);
  }
}

interface Place {
  readonly StreamArn: string;
  readonly ShardId: string;
  /** The number of the last record that was read, if any. */
  readonly after: string | undefined;
}

/**
 * The next records of a shard. DynamoDB Local now and then says of the very place where it has ended
 * that it is too old to be read from: then it is asked again.
 */
async function readShard(
  client: DynamoDBStreamsClient,
  { after, ...shard }: Place,
): Promise<readonly _Record[]> {
  const start =
    after === undefined
      ? ({ ShardIteratorType: 'TRIM_HORIZON' } as const)
      : ({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after } as const);
  try {
    const { ShardIterator } = await client.send(
      new GetShardIteratorCommand({ ...shard, ...start }),
    );
    const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator }));
    return Records;
  } catch (error) {
    if (error instanceof TrimmedDataAccessException) return [];
    throw error;
  }
}

/** Lambda has the time as a number. */
function toLambdaRecord({ dynamodb = {}, ...record }: _Record): ChangeRecord {
  const { ApproximateCreationDateTime: at, ...change } = dynamodb;
  return {
    ...record,
    dynamodb: { ...change, ApproximateCreationDateTime: (at?.getTime() ?? Number.NaN) / 1000 },
  } as ChangeRecord;
}
