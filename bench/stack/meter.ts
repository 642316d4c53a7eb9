/**
 * A way to DynamoDB that counts what every request consumes: it asks for `ReturnConsumedCapacity` on
 * behalf of whoever sends the request. A process of its own; `POST /tally` tells, and begins anew.
 *
 * What a write costs in the indexes it reckons itself where the store does not say it.
 *
 * @module
 */
import { buffer } from 'node:stream/consumers';
import { startHttpServer } from '../../local/http-server.ts';
import { announce } from './child.ts';
import { countIndexUnits, type Index, type WireItem } from './index-units.ts';
import type { Consumption, Tally } from './metered-store.ts';
import { send } from './send.ts';

type Mutable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

interface Request {
  readonly TableName: string;
  readonly ConsistentRead?: boolean;
  readonly Key?: WireItem;
  readonly Item?: WireItem;
}

interface Consumed {
  readonly CapacityUnits?: number;
  readonly Table?: { readonly CapacityUnits?: number };
  readonly GlobalSecondaryIndexes?: Readonly<Record<string, { readonly CapacityUnits?: number }>>;
}

const [storeUrl = ''] = process.argv.slice(2);
/** Of a read that finds nothing, which the stand-in does not count. */
const leastUnits = 0.5;

const writes = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const indexes = new Map<string, Promise<readonly Index[]>>();
let tally: Record<string, Mutable<Consumption>> = {};

const { url } = await startHttpServer(
  async ({ url: path, headers }, body) => {
    if (path === '/tally') {
      const told: Tally = tally;
      tally = {};
      return { status: 200, body: JSON.stringify(told) };
    }
    const [, operation = ''] = String(headers['x-amz-target']).split('.');
    const request = JSON.parse(body.toString()) as Request;
    const before = writes.has(operation) ? await readItem(request) : undefined;
    const asked = JSON.stringify({ ...request, ReturnConsumedCapacity: 'INDEXES' });
    const answer = await send(storeUrl, { ...headers, 'content-length': undefined }, asked);
    const text = await buffer(answer);
    await count(operation, { request, before, answer: JSON.parse(text.toString()) as object });
    return { status: answer.statusCode ?? 500, headers: answer.headers, body: text };
  },
  { port: 0, maxBodyBytes: 2 ** 24 },
);
announce(url);

async function count(
  operation: string,
  {
    request,
    before,
    answer,
  }: {
    readonly request: Request;
    readonly before: WireItem | undefined;
    readonly answer: { readonly ConsumedCapacity?: Consumed };
  },
): Promise<void> {
  const name = `${operation} ${request.TableName}`;
  const entry = tally[name] ?? { requests: 0, refused: 0, units: 0, index_units: 0 };
  tally[name] = entry;
  const { ConsumedCapacity: consumed } = answer;
  entry.requests += 1;
  if (!consumed) {
    entry.refused += 1;
    return;
  }
  const { CapacityUnits: all = 0, Table: table, GlobalSecondaryIndexes: told } = consumed;
  if (writes.has(operation)) {
    entry.units += table?.CapacityUnits ?? all;
    entry.index_units += told
      ? Object.values(told).reduce((sum, { CapacityUnits: units = 0 }) => sum + units, 0)
      : await reckonIndexUnits(request, before);
  } else entry.units += Math.max(all, request.ConsistentRead ? 1 : leastUnits);
}

async function reckonIndexUnits(request: Request, before: WireItem | undefined): Promise<number> {
  const after = await readItem(request);
  const all = await readIndexes(request.TableName);
  return all.reduce((sum, index) => sum + countIndexUnits(index, before, after), 0);
}

async function readItem({ TableName, Key, Item }: Request): Promise<WireItem | undefined> {
  const key = Key ?? { pk: Item?.pk };
  const answer = await ask('GetItem', { TableName, Key: key, ConsistentRead: true });
  return (answer as { readonly Item?: WireItem }).Item;
}

function readIndexes(table: string): Promise<readonly Index[]> {
  const known = indexes.get(table) ?? describeIndexes(table);
  indexes.set(table, known);
  return known;
}

interface TableDescription {
  readonly GlobalSecondaryIndexes?: readonly {
    readonly IndexName: string;
    readonly KeySchema: readonly { readonly AttributeName: string }[];
    readonly Projection: {
      readonly ProjectionType: string;
      readonly NonKeyAttributes?: readonly string[];
    };
  }[];
}

async function describeIndexes(table: string): Promise<readonly Index[]> {
  const answer = await ask('DescribeTable', { TableName: table });
  const { Table } = answer as { readonly Table: TableDescription };
  return (Table.GlobalSecondaryIndexes ?? []).map(({ IndexName, KeySchema, Projection }) => ({
    name: IndexName,
    keys: KeySchema.map(({ AttributeName }) => AttributeName),
    projected: Projection.ProjectionType === 'ALL' ? 'ALL' : (Projection.NonKeyAttributes ?? []),
  }));
}

/** A request of the meter's own, which it does not count. */
async function ask(operation: string, message: object): Promise<unknown> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    // The stand-ins want to see a signature, and verify none.
    authorization:
      'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
    'x-amz-date': new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
  };
  const answer = await send(storeUrl, headers, JSON.stringify(message));
  return JSON.parse((await buffer(answer)).toString());
}
