/**
 * A row of the table `connections`, both ways.
 *
 * @module
 */
import type {
  Connection,
  Intent,
  Lease,
  NewConnection,
  Schedule,
  Tombstone,
} from '../broker/ports.ts';
import { type ConnectionKey, keyText } from '../names.ts';
import {
  clientName,
  connectionId,
  count,
  instant,
  type Members,
  type Named,
  text,
  textMap,
  texts,
  withoutUndefined,
} from './members.ts';
import { type Item, parseAddressedRow } from './row.ts';
import {
  connectionState,
  expirySource,
  reauthorizationReason,
  remindDays,
  renewalKinds,
} from './vocabulary.ts';

/** Attributes before they are marshalled. An undefined one is not written. */
export type Attributes = Readonly<Record<string, unknown>>;

/**
 * The row of a connection that has just been connected.
 *
 * `changes` counts, under one fence, the writes that others are told of: with the fence it tells
 * which of two such writes came later. A write that sets another fence begins at 0.
 *
 * @param shard - its partition in the index `due`.
 */
export function buildConnectionRow(next: NewConnection, shard: number): Attributes {
  return {
    pk: keyText(next),
    ...buildGrant(next),
    committed_fence: next.fence,
    credential_fence: next.fence,
    state: 'active',
    failures: 0,
    changes: 0,
    shard,
  };
}

/** What remains of a connection: it is in no index, and TTL deletes it. */
export function buildTombstoneRow(
  tombstone: Tombstone,
  expiresAt: number,
): Attributes & { readonly fence: number } {
  return {
    pk: keyText(tombstone),
    state: tombstone.state,
    fence: tombstone.fence,
    changes: 0,
    expires_at: expiresAt,
  };
}

/** @throws {Fault} `ROW_INVALID` naming every faulty attribute. */
export function parseConnectionRow(table: string, item: Item): Connection | Tombstone {
  return parseAddressedRow(table, item, (members, address) =>
    item.state?.S === 'revoked'
      ? parseTombstone(members, address)
      : parseConnection(members, address),
  );
}

export function parseTombstone(members: Members, address: ConnectionKey): Tombstone {
  return { ...address, state: 'revoked', fence: members.required('fence', count) };
}

function parseConnection(members: Members, address: ConnectionKey): Connection {
  const grant = namedGrant(members);
  if (grant.client !== address.client) members.refuse('client is not that of pk');
  if (grant.connection !== address.connection) members.refuse('connection is not that of pk');
  return withoutUndefined<Connection>({
    ...grant,
    state: members.required('state', connectionState),
    reason: members.optional('reason', reauthorizationReason),
    needsReauthSince: members.optional('needs_reauth_since', instant),
    committedFence: members.required('committed_fence', count),
    credentialFence: members.required('credential_fence', count),
    lease: members.within('lease', parseLease),
    intent: members.within('intent', parseIntent),
    failures: members.required('failures', count),
    failingSince: members.optional('failing_since', instant),
  });
}

/** A grant as it stands in a row, or inside the row of a pending one. */
export function buildGrant(next: NewConnection): Attributes {
  return {
    client: next.client,
    connection: next.connection,
    provider: next.provider,
    fence: next.fence,
    sealed_credential: next.sealedCredential,
    renewal: next.renewal,
    client_id: next.clientId,
    origins: next.origins,
    params: next.params,
    scope: next.scope,
    account_id: next.accountId,
    values: next.values,
    connected_at: next.connectedAt,
    last_refreshed_at: next.lastRefreshedAt,
    ...buildSchedule(next),
  };
}

/**
 * Every attribute of a schedule: one that is undefined is to be removed by an update. Which reminder
 * is next stays as it is where the schedule does not say.
 */
export function buildSchedule(schedule: Schedule): Attributes {
  const { remindDays: days } = schedule;
  return {
    access_token_expires_at: schedule.accessTokenExpiresAt,
    expiry_source: schedule.expirySource,
    refresh_token_expires_at: schedule.refreshTokenExpiresAt,
    refresh_at: schedule.refreshAt,
    renew_at: schedule.renewAt,
    renewal_ends_at: schedule.renewalEndsAt,
    ...(days !== undefined && { remind_days: days }),
  };
}

export function parseGrant(members: Members): NewConnection {
  return withoutUndefined<NewConnection>(namedGrant(members));
}

function namedGrant(members: Members): Named<NewConnection> {
  return {
    client: members.required('client', clientName),
    connection: members.required('connection', connectionId),
    provider: members.required('provider', text),
    fence: members.required('fence', count),
    sealedCredential: members.optional('sealed_credential', text),
    renewal: members.required('renewal', renewalKinds),
    clientId: members.required('client_id', text),
    origins: members.required('origins', texts),
    params: members.required('params', textMap),
    scope: members.optional('scope', text),
    accountId: members.optional('account_id', text),
    values: members.required('values', textMap),
    connectedAt: members.required('connected_at', instant),
    lastRefreshedAt: members.required('last_refreshed_at', instant),
    ...namedSchedule(members),
  };
}

/** Every member of a schedule, undefined where the row has none. */
export function namedSchedule(members: Members): Named<Schedule> {
  return {
    accessTokenExpiresAt: members.optional('access_token_expires_at', instant),
    expirySource: members.required('expiry_source', expirySource),
    refreshTokenExpiresAt: members.optional('refresh_token_expires_at', instant),
    refreshAt: members.optional('refresh_at', instant),
    renewAt: members.optional('renew_at', instant),
    renewalEndsAt: members.optional('renewal_ends_at', instant),
    remindDays: members.optional('remind_days', remindDays),
  };
}

export function buildLease({ owner, until }: Lease): Attributes {
  return { owner, until };
}

function parseLease(members: Members): Lease {
  return { owner: members.required('owner', text), until: members.required('until', instant) };
}

export function buildIntent({ fence, at, credentialFence }: Intent): Attributes {
  return { fence, at, credential_fence: credentialFence };
}

function parseIntent(members: Members): Intent {
  return {
    fence: members.required('fence', count),
    at: members.required('at', instant),
    credentialFence: members.required('credential_fence', count),
  };
}
