import {
  BatchGetItemCommand,
  type KeysAndAttributes,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { Connection, ConnectionState, ConnectionStore } from '../broker/ports.ts';
import { Fault } from '../fault.ts';
import { type ClientName, type ConnectionId, type ConnectionKey, keyText } from '../names.ts';
import { parseConnectionRow } from './connection-row.ts';
import { type ConnectionTable, store } from './connection-table.ts';
import { allOf, compare, placeholders } from './expression.ts';
import { type Item, parseKeyText } from './row.ts';
import { calling } from './store-fault.ts';

/** What BatchGetItem takes at once. */
const batchSize = 100;
/** How many entries a request looks at where many of them may be passed over. */
const filteredPageSize = 500;
/** After so many requests a list ends and gives a cursor, even if it is not full. */
const pagesAtMost = 10;
/** How often what DynamoDB left unread for want of throughput is asked for again. */
const batchTries = 5;

const place = { store, operation: 'listByClient' };

/** The index `by_client`: partition `client`, sort `connection`, with the state. */
export function clientIndex(table: ConnectionTable): Pick<ConnectionStore, 'listByClient'> {
  return {
    listByClient: async ({ client, state, limit, cursor }) => {
      const { ids, after } = await listIds(table, {
        client,
        limit,
        state,
        after: cursor === undefined ? undefined : parseCursor(client, cursor),
      });
      const keys = ids.map((connection) => keyText({ client, connection }));
      // The index may be a little behind: the row itself has the last word on its state.
      const connections = (await readAll(table, keys))
        .filter((connection) => state === undefined || connection.state === state)
        .toSorted((one, other) => (one.connection < other.connection ? -1 : 1));
      return after === undefined
        ? { connections }
        : { connections, cursor: buildCursor(client, after) };
    },
  };
}

/** What a listing of addresses alone takes at once. */
const addressPageSize = 200;

/** The addresses of one client's connections, from the index alone: a row may say otherwise by now. */
export async function listAddresses(
  table: ConnectionTable,
  { client, after }: { readonly client: ClientName; readonly after?: ConnectionKey },
): Promise<{ readonly keys: readonly ConnectionKey[]; readonly after?: ConnectionKey }> {
  const page = await listIds(table, {
    client,
    limit: addressPageSize,
    state: undefined,
    after: after?.connection,
  });
  const keys = page.ids.map((connection) => ({ client, connection }));
  return page.after === undefined ? { keys } : { keys, after: { client, connection: page.after } };
}

interface Listing {
  readonly client: ClientName;
  readonly state: ConnectionState | undefined;
  readonly limit: number;
  readonly after: ConnectionId | undefined;
}

/** The ids of one page, and after which the next one begins if there may be one. */
async function listIds(
  table: ConnectionTable,
  listing: Listing,
): Promise<{ readonly ids: readonly ConnectionId[]; readonly after?: ConnectionId }> {
  const ids: ConnectionId[] = [];
  let after = listing.after;
  for (let pages = 0; pages < pagesAtMost; pages += 1) {
    const page = await queryIndex(table, { ...listing, after });
    ids.push(...page.ids);
    // One more than asked for tells that there is a next page.
    if (ids.length > listing.limit) {
      const taken = ids.slice(0, listing.limit);
      const last = taken.at(-1);
      return last ? { ids: taken, after: last } : { ids: taken };
    }
    if (page.after === undefined) return { ids };
    after = page.after;
  }
  return after === undefined ? { ids } : { ids, after };
}

async function queryIndex(table: ConnectionTable, { client, state, limit, after }: Listing) {
  const ofClient = compare('client', 'is', client);
  const query =
    after === undefined ? ofClient : allOf(ofClient, compare('connection', 'moreThan', after));
  const filter = state && compare('state', 'is', state);
  const answer = await calling(place, () =>
    table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: 'by_client',
        KeyConditionExpression: query.text,
        ...(filter && { FilterExpression: filter.text }),
        ...placeholders(...(filter ? [query, filter] : [query])),
        Limit: state ? filteredPageSize : limit + 1,
      }),
    ),
  );
  return {
    ids: (answer.Items ?? []).flatMap((item) => connectionOf(item) ?? []),
    after: answer.LastEvaluatedKey && connectionOf(answer.LastEvaluatedKey),
  };
}

const connectionOf = (item: Item) => parseKeyText(item.pk?.S ?? '')?.connection;

async function readAll(
  table: ConnectionTable,
  keys: readonly string[],
): Promise<readonly Connection[]> {
  const connections: Connection[] = [];
  for (let start = 0; start < keys.length; start += batchSize) {
    for (const item of await readBatch(table, keys.slice(start, start + batchSize))) {
      const row = parseConnectionRow(table.name, item);
      if (row.state !== 'revoked') connections.push(row);
    }
  }
  return connections;
}

async function readBatch(
  table: ConnectionTable,
  keys: readonly string[],
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let wanted: Record<string, KeysAndAttributes> = {
    [table.name]: { Keys: keys.map((key) => ({ pk: { S: key } })), ConsistentRead: true },
  };
  for (let tries = 0; tries < batchTries; tries += 1) {
    const answer = await calling(place, () =>
      table.client.send(new BatchGetItemCommand({ RequestItems: wanted })),
    );
    items.push(...(answer.Responses?.[table.name] ?? []));
    wanted = answer.UnprocessedKeys ?? {};
    if (Object.keys(wanted).length === 0) return items;
  }
  throw new Fault('STORE_UNAVAILABLE', { ...place, reason: 'UnprocessedKeys' });
}

/** A cursor names the client, so that it opens no other client's list. */
function buildCursor(client: ClientName, after: ConnectionId): string {
  return Buffer.from(keyText({ client, connection: after })).toString('base64url');
}

/** @throws {Fault} `REQUEST_INVALID` for text that is not a cursor of this client's list. */
function parseCursor(client: ClientName, cursor: string): ConnectionId {
  const address = parseKeyText(Buffer.from(cursor, 'base64url').toString());
  if (address?.client !== client) {
    throw new Fault('REQUEST_INVALID', { problems: ['cursor is not one of this list'] });
  }
  return address.connection;
}
