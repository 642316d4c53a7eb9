import { type ConnectionKey, isConnectionId, parseClientName } from '../lib/names.ts';
import { type Api, connectionPath } from './api.ts';
import { Failure } from './failure.ts';
import type { ShownConnection } from './output/connection-text.ts';

/** All connections of a client that the person may read, page by page. */
export async function* listConnections(
  api: Api,
  query: { readonly client: string; readonly state?: string | undefined },
): AsyncGenerator<readonly ShownConnection[]> {
  let cursor: unknown;
  do {
    const search = new URLSearchParams({ client: query.client });
    if (query.state !== undefined) search.set('state', query.state);
    if (typeof cursor === 'string') search.set('cursor', cursor);
    const { body } = await api.call('GET', `/connections?${search}`);
    yield Array.isArray(body.connections) ? body.connections : [];
    cursor = body.cursor;
  } while (typeof cursor === 'string');
}

/** The addresses of all connections of a client that the person may read. */
export async function listAddresses(
  api: Api,
  clientName: string,
): Promise<readonly ConnectionKey[]> {
  const client = parseClientName(clientName);
  const found: ConnectionKey[] = [];
  for await (const page of listConnections(api, { client })) {
    for (const { connection } of page) {
      if (isConnectionId(connection)) found.push({ client, connection });
    }
  }
  return found;
}

/** One connection's state; undefined when there is none. */
export async function findConnection(
  api: Api,
  key: ConnectionKey,
): Promise<ShownConnection | undefined> {
  try {
    return (await api.call('GET', connectionPath(key))).body;
  } catch (error) {
    if (error instanceof Failure && error.report.error === 'unknown_connection') return undefined;
    throw error;
  }
}
