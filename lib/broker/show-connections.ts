import { Fault } from '../fault.ts';
import type { ClientName, ConnectionKey } from '../names.ts';
import { isLive } from './establish-connection.ts';
import type { ClientRegistry, Connection, ConnectionState, ConnectionStore } from './ports.ts';

interface Ports {
  readonly connections: ConnectionStore;
  readonly clients: ClientRegistry;
}

/** What to list. The cursor is untrusted. */
export interface ListRequest {
  readonly client: ClientName;
  /** `revoked` has no members: what was ended is deleted. */
  readonly state?: ConnectionState | 'revoked';
  readonly cursor?: string;
}

const pageSize = 50;

/**
 * One connection's state.
 *
 * @throws {Fault} `UNKNOWN_CLIENT`, `UNKNOWN_CONNECTION`; `STORE_UNAVAILABLE`.
 */
export async function showConnection(
  { connections, clients }: Ports,
  key: ConnectionKey,
): Promise<Connection> {
  const row = await connections.read(key);
  if (isLive(row)) return row;
  await clients.read(key.client);
  throw new Fault('UNKNOWN_CONNECTION', { client: key.client, connection: key.connection });
}

/**
 * A page of a client's connections, in the order of their ids.
 *
 * @param mayRead - whether the caller may see this one; the others are left out.
 * @returns a cursor while there is more. A page may be short, or empty, and still have one.
 * @throws {Fault} `UNKNOWN_CLIENT` when there is neither a connection nor a registration;
 *   `REQUEST_INVALID` for a cursor that is none of ours.
 */
export async function listConnections(
  { connections, clients }: Ports,
  request: ListRequest,
  mayRead: (connection: Connection) => boolean,
): Promise<{ readonly connections: readonly Connection[]; readonly cursor?: string }> {
  const { state, ...rest } = request;
  const filter = state === undefined || state === 'revoked' ? {} : { state };
  const page =
    state === 'revoked'
      ? { connections: [] }
      : await connections.listByClient({ ...rest, ...filter, limit: pageSize });
  if (page.connections.length === 0 && request.cursor === undefined) {
    await clients.read(request.client);
  }
  return { ...page, connections: page.connections.filter(mayRead) };
}
