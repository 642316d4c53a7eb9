import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Connection, Tombstone } from '../broker/ports.ts';
import { type ConnectionKey, keyText } from '../names.ts';
import { parseConnectionRow } from './connection-row.ts';
import { type Change, type Expression, updateInput } from './expression.ts';
import type { PreparedUpdate, Preparing } from './prepared-update.ts';
import { readItem, type Table, writing } from './row.ts';

/** The table of connections, and into how many partitions its index `due` is spread. */
export interface ConnectionTable extends Table {
  readonly dueShards: number;
  /** How the write of an answer is prepared; without it, none is. */
  readonly preparing?: Preparing;
}

/** How the table is called in faults. */
export const store = 'connections';

/** Reads a connection, consistently. */
export async function readConnection(
  table: ConnectionTable,
  key: ConnectionKey,
): Promise<Connection | Tombstone | undefined> {
  const item = await readItem(table, keyText(key), { store, operation: 'read', consistent: true });
  return item && parseConnectionRow(table.name, item);
}

/** What one conditional write says: which row, what changes, and what must still hold. */
export interface ConnectionWrite {
  readonly operation: string;
  readonly key: ConnectionKey;
  readonly change: Change;
  readonly condition: Expression;
}

/** Counts a write that others may be told of, see `buildConnectionRow`. */
export const told = { changes: 1 } as const;

/**
 * Changes a connection if the condition holds.
 *
 * @param send - how, where it is prepared.
 */
export function writeConnection(
  table: ConnectionTable,
  { operation, key, change, condition }: ConnectionWrite,
  send: PreparedUpdate['send'] = (input) => table.client.send(new UpdateItemCommand(input)),
): Promise<'done' | 'lost'> {
  const input = updateInput(table.name, keyText(key), { change, condition });
  return writing({ store, operation }, () => send(input));
}
