/**
 * What callers are answered: from the words of the use cases to the JSON of the interface. One
 * function per message.
 *
 * @module
 */
import type { Connection } from '../broker/ports.ts';
import { nextRefreshAt } from '../broker/renewal-end.ts';
import type { VendedToken } from '../broker/vended-token.ts';
import { type EpochSeconds, until } from '../time.ts';

/** A connection's state, never its tokens. Instants are epoch seconds. */
export interface ConnectionMessage {
  readonly client: string;
  readonly connection: string;
  readonly provider: string;
  readonly state: 'active' | 'failing' | 'needs_reauth' | 'revoked';
  readonly reason?: string;
  /** Separated by spaces; empty where none was asked for and none was told. */
  readonly scope: string;
  readonly account_id?: string;
  readonly values?: Readonly<Record<string, string>>;
  readonly connected_at: number;
  readonly access_token_expires_at?: number;
  readonly expiry_source: string;
  readonly refresh_token_expires_at?: number;
  readonly last_refreshed_at: number;
  readonly next_refresh_at?: number;
  readonly failures: number;
  readonly failing_since?: number;
}

/** The answer to `GET /connections/{client}/{connection}`. */
export function connectionMessage(connection: Connection): ConnectionMessage {
  const { values } = connection;
  return present({
    client: connection.client,
    connection: connection.connection,
    provider: connection.provider,
    state: connection.state,
    reason: connection.reason,
    scope: connection.scope ?? '',
    account_id: connection.accountId,
    values: Object.keys(values).length > 0 ? values : undefined,
    connected_at: connection.connectedAt,
    access_token_expires_at: connection.accessTokenExpiresAt,
    expiry_source: connection.expirySource,
    refresh_token_expires_at: connection.refreshTokenExpiresAt,
    last_refreshed_at: connection.lastRefreshedAt,
    next_refresh_at: nextRefreshAt(connection),
    failures: connection.failures,
    failing_since: connection.failingSince,
  });
}

/** A vended token (RFC 6749 §5.1), and how the provider's API wants it. */
export interface VendMessage {
  readonly client: string;
  readonly connection: string;
  readonly state: 'active' | 'failing' | 'needs_reauth';
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_at?: number;
  readonly expires_in?: number;
  readonly expiry_source: string;
  readonly obtained_at: number;
  /** Separated by spaces; empty where none was asked for and none was told. */
  readonly scope: string;
  readonly present: {
    readonly in: 'header' | 'query';
    readonly name: string;
    readonly value: string;
  };
  readonly api_base_url?: string;
  readonly values: Readonly<Record<string, string>>;
  readonly refresh_token_expires_at?: number;
  readonly warning?: { readonly code: string; readonly since: number };
}

/** The answer to a vend request. The one place where an access token leaves us. */
export function vendMessage(
  { token, accessToken, warning }: Omit<VendedToken, 'fingerprint'>,
  now: EpochSeconds,
): VendMessage {
  const { expiresAt, present: how } = token;
  const value = how.scheme === '' ? accessToken.reveal() : `${how.scheme} ${accessToken.reveal()}`;
  return present({
    client: token.client,
    connection: token.connection,
    state: token.state,
    access_token: accessToken.reveal(),
    token_type: token.tokenType,
    expires_at: expiresAt,
    expires_in: expiresAt === undefined ? undefined : until(expiresAt, now),
    expiry_source: token.expirySource,
    obtained_at: token.obtainedAt,
    scope: token.scope ?? '',
    present: { in: how.in, name: how.name, value },
    api_base_url: token.apiBaseUrl,
    values: token.values,
    refresh_token_expires_at: token.refreshTokenExpiresAt,
    warning,
  });
}

type Optional<Message> = {
  readonly [Name in keyof Message]-?:
    | Message[Name]
    | (undefined extends Message[Name] ? undefined : never);
};

/** The message without the members that are undefined: there is no null in the interface. */
function present<Message extends object>(
  message: {
    readonly [Name in keyof Optional<Message>]: Message[Name] | undefined;
  },
): Message {
  const members = Object.entries(message).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as Message;
}
