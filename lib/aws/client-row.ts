import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { ClientStatus } from '../broker/client-ports.ts';
import type { ClientName } from '../broker/ports.ts';
import type { EpochSeconds } from '../time.ts';
import { type Change, type Expression, updateInput } from './expression.ts';
import { count, instant, text, withoutUndefined } from './members.ts';
import { exchanging, type Item, parseRow, readItem, type Table, writing } from './row.ts';

const store = 'clients';

/** A client's own row: its status, and its grants that the provider has called dead of late. */
export interface ClientRow extends ClientStatus {
  /** When the present window of counting began. */
  readonly refusedGrantsSince?: EpochSeconds;
  readonly refusedGrants?: number;
  /** Those of the window right before. */
  readonly refusedGrantsBefore?: number;
}

/** Reads a client's row, consistently; an empty one where there is none. */
export async function readClientRow(table: Table, client: ClientName): Promise<ClientRow> {
  const item = await readItem(table, client, { store, operation: 'read', consistent: true });
  return item ? parseClientRow(table, item) : {};
}

/** One conditional write to a client's row. */
export interface ClientWrite {
  readonly operation: string;
  readonly change: Change;
  readonly condition?: Expression;
}

/** Changes a client's row if the condition holds. */
export function updateClientRow(
  table: Table,
  client: ClientName,
  { operation, ...write }: ClientWrite,
): Promise<'done' | 'lost'> {
  const input = updateInput(table.name, client, write);
  return writing({ store, operation }, () => table.client.send(new UpdateItemCommand(input)));
}

/** The same, answering the row as it is then; undefined where the condition does not hold. */
export async function changeClientRow(
  table: Table,
  client: ClientName,
  { operation, ...write }: ClientWrite,
): Promise<ClientRow | undefined> {
  const input = { ...updateInput(table.name, client, write), ReturnValues: 'ALL_NEW' as const };
  const item = await exchanging({ store, operation }, () =>
    table.client.send(new UpdateItemCommand(input)),
  );
  return item && parseClientRow(table, item);
}

function parseClientRow(table: Table, item: Item): ClientRow {
  return parseRow(table.name, item, (members) =>
    withoutUndefined<ClientRow>({
      refusedVersion: members.optional('refused_version', text),
      refusedAt: members.optional('refused_at', instant),
      changedVersion: members.optional('changed_version', text),
      changedAt: members.optional('changed_at', instant),
      provenVersion: members.optional('proven_version', text),
      troubles: members.optional('troubles', count),
      openUntil: members.optional('open_until', instant),
      probeUntil: members.optional('probe_until', instant),
      lanes: members.optional('lanes', count),
      refusedGrantsSince: members.optional('refused_grants_since', instant),
      refusedGrants: members.optional('refused_grants', count),
      refusedGrantsBefore: members.optional('refused_grants_before', count),
    }),
  );
}
