import type { IncomingHttpHeaders } from 'node:http';
import { countIndexUnits, type Index, type WireItem } from '../../bench/stack/index-units.ts';
import { startHttpServer } from '../../local/http-server.ts';
import { connectionsTable } from './tables.ts';

/** Capacity units of on-demand tables, indexes included, and the requests that took them. */
export interface Consumed {
  readonly requests: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

/** A way to DynamoDB on which everything is counted. */
export interface CapacityMeter {
  readonly url: string;
  /** What was consumed since this was last asked. */
  readonly take: () => Consumed;
  readonly close: () => Promise<void>;
}

interface Message {
  readonly TableName: string;
  readonly Key?: WireItem;
  readonly Item?: WireItem;
  readonly ConsistentRead?: boolean;
}

/** What a store tells of one request. */
interface Told {
  /** Of the table, and of its indexes where these are told. */
  readonly CapacityUnits?: number;
  readonly GlobalSecondaryIndexes?: object;
}

const writes = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const nothing: Consumed = { requests: 0, readUnits: 0, writeUnits: 0 };

/**
 * Starts a meter before a store that tells what its tables consume. Where it tells nothing of a
 * write's indexes, those are reckoned from the item before and after.
 */
export async function startCapacityMeter(storeUrl: string): Promise<CapacityMeter> {
  let consumed = nothing;
  const server = await startHttpServer(
    async ({ headers }, body) => {
      const operation = String(headers['x-amz-target']).split('.')[1] ?? '';
      const message = JSON.parse(body.toString('utf8')) as Message;
      const ask = asker(storeUrl, headers);
      const isWrite = writes.has(operation);
      const before = isWrite ? await readItem(ask, message) : undefined;
      const answer = await ask(operation, { ...message, ReturnConsumedCapacity: 'INDEXES' });
      const after = isWrite ? await readItem(ask, message) : undefined;
      const told = [answer.body.ConsumedCapacity].flat() as readonly (Told | undefined)[];
      const units = sum(told.map((each) => each?.CapacityUnits ?? 0));
      const tellsAll = told.some((each) => each?.GlobalSecondaryIndexes !== undefined);
      const isReckoned = isWrite && !tellsAll;
      const own = isReckoned
        ? indexesOf(message).map((index) => countIndexUnits(index, before, after))
        : [];
      consumed = {
        requests: consumed.requests + 1,
        readUnits: consumed.readUnits + (isWrite ? 0 : Math.max(units, leastRead(message))),
        writeUnits: consumed.writeUnits + (isWrite ? units + sum(own) : 0),
      };
      return {
        status: answer.status,
        headers: { 'content-type': 'application/x-amz-json-1.0' },
        body: JSON.stringify(answer.body),
      };
    },
    { port: 0, maxBodyBytes: 2 ** 24 },
  );
  return {
    ...server,
    take: () => {
      const taken = consumed;
      consumed = nothing;
      return taken;
    },
  };
}

/** A read that finds nothing is not free on AWS, as it is of the stand-in. */
const leastRead = ({ ConsistentRead }: Message) => (ConsistentRead ? 1 : 0.5);

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

const ofConnections: readonly Index[] = (
  connectionsTable('evergrant-local-connections').GlobalSecondaryIndexes ?? []
).map(({ IndexName = '', KeySchema = [], Projection }) => ({
  name: IndexName,
  keys: KeySchema.flatMap(({ AttributeName }) => AttributeName ?? []),
  projected: Projection?.NonKeyAttributes ?? [],
}));

const indexesOf = ({ TableName }: Message) =>
  TableName.endsWith('-connections') ? ofConnections : [];

type Ask = (
  operation: string,
  message: object,
) => Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>;

/** Asks the store with the headers of a request that was signed for it: no signature is verified. */
function asker(storeUrl: string, { authorization, ...headers }: IncomingHttpHeaders): Ask {
  return async (operation, message) => {
    const response = await fetch(storeUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'x-amz-date': String(headers['x-amz-date']),
        authorization: String(authorization),
      },
      body: JSON.stringify(message),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
}

async function readItem(
  ask: Ask,
  { TableName, Key, Item }: Message,
): Promise<WireItem | undefined> {
  const key = Key ?? { pk: Item?.pk };
  const { body } = await ask('GetItem', { TableName, Key: key, ConsistentRead: true });
  return body.Item as WireItem | undefined;
}
