import type { IncomingMessage } from 'node:http';
import { Agent, request as sendRequest } from 'node:http';
import { type AttributeValue, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { systemClock } from '../lib/time.ts';
import { type Reply, type RunningServer, startHttpServer } from './http-server.ts';

type Item = Readonly<Record<string, AttributeValue>>;

/** A change of one item, as DynamoDB's streams tell it (NEW_AND_OLD_IMAGES). */
export interface ChangeRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventSource: 'aws:dynamodb';
  readonly dynamodb: {
    readonly Keys: Item;
    readonly OldImage?: Item;
    readonly NewImage?: Item;
    readonly SequenceNumber: string;
    readonly ApproximateCreationDateTime: number;
    readonly StreamViewType: 'NEW_AND_OLD_IMAGES';
  };
}

export interface ChangeFeedOptions {
  /** 0 for any free one. */
  readonly port: number;
  /** Address of the DynamoDB behind it, without a path. */
  readonly target: string;
  /** Names of the tables that have a stream. */
  readonly tables: readonly string[];
  /** Hears of each change once it is made; those of one item in their order. */
  readonly onChange: (table: string, record: ChangeRecord) => void;
}

/** What DynamoDB takes in one request. */
const maxBodyBytes = 16 * 1024 * 1024;

const writes = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);

interface Write {
  readonly TableName: string;
  readonly Item?: Item;
  readonly Key?: Item;
}

/**
 * Starts a DynamoDB endpoint with streams in front of one that has none: it reads each item before
 * and after a write to it, one write at a time for each item.
 *
 * Writes in batches and transactions pass without a record: nothing here makes any.
 */
export async function startChangeFeed(options: ChangeFeedOptions): Promise<RunningServer> {
  const { port, target, tables, onChange } = options;
  const agent = new Agent({ keepAlive: true });
  const client = new DynamoDBClient({
    endpoint: target,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const oneAtATime = locks();
  const numbers = sequenceNumbers();
  const passOn = (request: IncomingMessage, body: Buffer) => forward(target, agent, request, body);

  const server = await startHttpServer(
    async (request, body) => {
      const write = readWrite(request, body);
      if (!write || !tables.includes(write.TableName)) return passOn(request, body);
      const pk = (write.Key ?? write.Item)?.pk;
      if (!pk) return passOn(request, body);
      const Keys = { pk };
      return oneAtATime(`${write.TableName} ${pk.S}`, async () => {
        const before = await readItem(client, write.TableName, Keys);
        const reply = await passOn(request, body);
        if (reply.status !== 200) return reply;
        const after = await readItem(client, write.TableName, Keys);
        const record = buildRecord(Keys, { before, after }, numbers());
        if (record) onChange(write.TableName, record);
        return reply;
      });
    },
    { port, maxBodyBytes },
  );
  return {
    url: server.url,
    close: async () => {
      await server.close();
      agent.destroy();
      client.destroy();
    },
  };
}

function readWrite({ headers }: IncomingMessage, body: Buffer): Write | undefined {
  const target = headers['x-amz-target'];
  const operation = typeof target === 'string' ? target.split('.').at(-1) : undefined;
  if (operation === undefined || !writes.has(operation)) return undefined;
  try {
    const write: unknown = JSON.parse(body.toString('utf8'));
    return typeof write === 'object' && write !== null && 'TableName' in write
      ? (write as Write)
      : undefined;
  } catch {
    // What it is not, the target says.
    return undefined;
  }
}

async function readItem(
  client: DynamoDBClient,
  TableName: string,
  Key: Record<string, AttributeValue>,
): Promise<Item | undefined> {
  const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  return Item;
}

/** None for a write that changed nothing: DynamoDB has none either. */
function buildRecord(
  Keys: Item,
  { before, after }: { readonly before: Item | undefined; readonly after: Item | undefined },
  SequenceNumber: string,
): ChangeRecord | undefined {
  if (sorted(before) === sorted(after)) return undefined;
  return {
    eventID: SequenceNumber,
    eventName: before ? (after ? 'MODIFY' : 'REMOVE') : 'INSERT',
    eventSource: 'aws:dynamodb',
    dynamodb: {
      Keys,
      ...(before && { OldImage: before }),
      ...(after && { NewImage: after }),
      SequenceNumber,
      ApproximateCreationDateTime: systemClock.now(),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  };
}

/** An item as one text, whatever the order of its attributes. */
function sorted(item: Item | undefined): string {
  return JSON.stringify(item, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** Grow from one record to the next, over restarts too. */
function sequenceNumbers(): () => string {
  let last = 0n;
  return () => {
    const floor = BigInt(Math.floor(systemClock.nowMs())) * 1_000_000n;
    last = last >= floor ? last + 1n : floor;
    return last.toString();
  };
}

/** Runs tasks of one name one after another, and those of different names side by side. */
function locks() {
  const tails = new Map<string, Promise<unknown>>();
  return async <Result>(name: string, task: () => Promise<Result>): Promise<Result> => {
    const before = tails.get(name) ?? Promise.resolve();
    const running = before.then(task, task);
    tails.set(name, running);
    try {
      return await running;
    } finally {
      if (tails.get(name) === running) tails.delete(name);
    }
  };
}

function forward(
  target: string,
  agent: Agent,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = sendRequest(
      `${target}${url}`,
      { method, headers: { ...headers, host: new URL(target).host }, agent },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 500,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
