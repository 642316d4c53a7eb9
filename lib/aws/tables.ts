import type { ConnectionStore, TokenStore } from '../broker/ports.ts';
import type { Settings } from '../settings.ts';
import { systemClock } from '../time.ts';
import { dynamodbClient } from './clients.ts';
import type { ConnectionTable } from './connection-table.ts';
import { dynamodbClientStore } from './dynamodb-client-store.ts';
import { dynamodbConnectionStore } from './dynamodb-connection-store.ts';
import { dynamodbKeyRecords } from './dynamodb-key-records.ts';
import { dynamodbSessionStore } from './dynamodb-session-store.ts';
import { dynamodbTokenStore } from './dynamodb-token-store.ts';
import { setBy, storeClock } from './store-clock.ts';

const client = dynamodbClient();

/** The time by which leases, expiries and schedules are reckoned: the tables' own. */
export const clock = setBy(client, storeClock(systemClock));

/**
 * The table of connections: the connections themselves, and the clients' own rows.
 *
 * @param options.preparing - how the write of an answer is prepared, where there will be one.
 */
export function connectionTable(
  settings: Settings<'CONNECTIONS_TABLE' | 'DUE_SHARDS'>,
  options: Pick<ConnectionTable, 'preparing'> = {},
): { readonly connections: ConnectionStore } {
  const { CONNECTIONS_TABLE: name, DUE_SHARDS: dueShards } = settings;
  return { connections: dynamodbConnectionStore({ client, name, dueShards, ...options }) };
}

/** The clients' own rows, which stand among the connections. */
export function clientRows(settings: Settings<'CONNECTIONS_TABLE'>) {
  return { clientStatus: dynamodbClientStore({ client, name: settings.CONNECTIONS_TABLE }) };
}

/** What is known of keys, which stands among the connections too. */
export function keyRecords(settings: Settings<'CONNECTIONS_TABLE'>) {
  return { records: dynamodbKeyRecords({ client, name: settings.CONNECTIONS_TABLE }) };
}

/** The table of access tokens. */
export function tokenTable(settings: Settings<'TOKENS_TABLE'>): { readonly tokens: TokenStore } {
  return { tokens: dynamodbTokenStore({ client, name: settings.TOKENS_TABLE }) };
}

/** The table of sessions and pending authorizations. */
export function sessionTable(settings: Settings<'SESSIONS_TABLE'>) {
  return { sessions: dynamodbSessionStore({ client, name: settings.SESSIONS_TABLE }) };
}
