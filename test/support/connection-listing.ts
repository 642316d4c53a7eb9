/**
 * The two lists of a `ConnectionStore`, from rows in memory.
 *
 * @module
 */
import { dueShard } from '../../lib/aws/due-shard.ts';
import type { Connection, ConnectionStore, Tombstone } from '../../lib/broker/ports.ts';
import { Fault } from '../../lib/fault.ts';
import { keyText } from '../../lib/names.ts';

type Row = Connection | Tombstone;
type DueInput = Parameters<ConnectionStore['listDue']>[0] & { readonly dueShards: number };
type ClientInput = Parameters<ConnectionStore['listByClient']>[0];

const isConnection = (row: Row): row is Connection => row.state !== 'revoked';
const compareTexts = (one: string, other: string) => (one < other ? -1 : 1);

export function listDue(rows: readonly Row[], input: DueInput) {
  const { shard, now, limit, cursor, dueShards } = input;
  const due = rows
    .filter(isConnection)
    .filter((row) => dueShard(row, dueShards) === shard)
    .flatMap(({ client, connection, refreshAt }) =>
      refreshAt !== undefined && refreshAt <= now ? [{ client, connection, refreshAt }] : [],
    )
    .map((entry) => ({
      entry,
      position: `${String(entry.refreshAt).padStart(16, '0')} ${keyText(entry)}`,
    }))
    .toSorted((one, other) => compareTexts(one.position, other.position))
    .filter(({ position }) => cursor === undefined || position > cursor);
  const page = due.slice(0, limit);
  const last = page.at(-1);
  return {
    due: page.map(({ entry }) => entry),
    ...(last && due.length > limit && { cursor: last.position }),
  };
}

export function listByClient(rows: readonly Row[], { client, state, limit, cursor }: ClientInput) {
  const after = cursor === undefined ? undefined : parseCursor(client, cursor);
  const found = rows
    .filter(isConnection)
    .filter((row) => row.client === client && (state === undefined || row.state === state))
    .filter((row) => after === undefined || row.connection > after)
    .toSorted((one, other) => compareTexts(one.connection, other.connection));
  const connections = found.slice(0, limit);
  const last = connections.at(-1);
  return {
    connections,
    ...(last && found.length > limit && { cursor: `${client}/${last.connection}` }),
  };
}

function parseCursor(client: string, cursor: string): string {
  const [ofClient, after] = cursor.split('/');
  if (ofClient !== client || !after) {
    throw new Fault('REQUEST_INVALID', { problems: ['cursor is not one of this list'] });
  }
  return after;
}
