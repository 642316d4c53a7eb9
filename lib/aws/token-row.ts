/**
 * A row of the table `tokens`, both ways. The same attributes carry a token inside a message.
 *
 * @module
 */
import type {
  Presentation,
  StoredToken,
  TokenStatus,
  Tombstone,
  Warning,
} from '../broker/ports.ts';
import { type ConnectionKey, keyText } from '../names.ts';
import { type Attributes, parseTombstone } from './connection-row.ts';
import {
  count,
  instant,
  type Members,
  type Named,
  oneOf,
  text,
  textMap,
  withoutUndefined,
} from './members.ts';
import { type Item, parseAddressedRow } from './row.ts';
import { connectionState, expirySource, reauthorizationReason, warningCode } from './vocabulary.ts';

const presentedIn = oneOf<Presentation['in']>(['header', 'query']);

export function buildTokenRow(token: StoredToken): Attributes & { readonly fence: number } {
  return { pk: keyText(token), ...buildToken(token), fence: token.fence };
}

/** @throws {Fault} `ROW_INVALID` naming every faulty attribute. */
export function parseTokenRow(table: string, item: Item): StoredToken | Tombstone {
  return parseAddressedRow(table, item, (members, address) =>
    item.state?.S === 'revoked' ? parseTombstone(members, address) : parseToken(members, address),
  );
}

/** A token's attributes without its address. */
export function buildToken(token: StoredToken): Attributes {
  return {
    ...buildStatus(token),
    fence: token.fence,
    sealed: token.sealed,
    token_type: token.tokenType,
    obtained_at: token.obtainedAt,
    token_expires_at: token.expiresAt,
    expiry_source: token.expirySource,
    scope: token.scope,
    present: { in: token.present.in, name: token.present.name, scheme: token.present.scheme },
    api_base_url: token.apiBaseUrl,
    values: token.values,
    refresh_token_expires_at: token.refreshTokenExpiresAt,
    refresh_not_before: token.refreshNotBefore,
    refresh_claimed_until: token.refreshClaimedUntil,
    refresh_claimed_by: token.refreshClaimedBy,
  };
}

export function parseToken(members: Members, { client, connection }: ConnectionKey): StoredToken {
  return withoutUndefined<StoredToken>({
    client,
    connection,
    ...namedStatus(members),
    fence: members.required('fence', count),
    sealed: members.optional('sealed', text),
    tokenType: members.required('token_type', text),
    obtainedAt: members.required('obtained_at', instant),
    expiresAt: members.optional('token_expires_at', instant),
    expirySource: members.required('expiry_source', expirySource),
    scope: members.optional('scope', text),
    present: members.requiredWithin('present', parsePresentation),
    apiBaseUrl: members.optional('api_base_url', text),
    values: members.required('values', textMap),
    refreshTokenExpiresAt: members.optional('refresh_token_expires_at', instant),
    refreshNotBefore: members.optional('refresh_not_before', instant),
    refreshClaimedUntil: members.optional('refresh_claimed_until', instant),
    refreshClaimedBy: members.optional('refresh_claimed_by', text),
  });
}

/** Every attribute of a status: one that is undefined is to be removed by an update. */
export function buildStatus({ state, reason, since, warning, retryAt }: TokenStatus): Attributes {
  return {
    state,
    reason,
    since,
    warning: warning && { code: warning.code, since: warning.since },
    retry_at: retryAt,
  };
}

/** Every member of a status, undefined where there is none. */
export function namedStatus(members: Members): Named<TokenStatus> {
  return {
    state: members.required('state', connectionState),
    reason: members.optional('reason', reauthorizationReason),
    since: members.optional('since', instant),
    warning: members.within('warning', parseWarning),
    retryAt: members.optional('retry_at', instant),
  };
}

function parseWarning(members: Members): Warning {
  return {
    code: members.required('code', warningCode),
    since: members.required('since', instant),
  };
}

function parsePresentation(members: Members): Presentation {
  return {
    in: members.required('in', presentedIn),
    name: members.required('name', text),
    scheme: members.required('scheme', text),
  };
}
