import type {
  Committed,
  Connection,
  NewConnection,
  PendingConnection,
  StoredToken,
  Tombstone,
} from '../../lib/broker/ports.ts';
import { type ConnectionKey, parseConnectionKey } from '../../lib/names.ts';
import { epochSeconds } from '../../lib/time.ts';
import { aMoment } from './moving-clock.ts';

/** The instant so many seconds after {@link aMoment}; before it, for a negative number. */
export const at = (seconds: number) => epochSeconds(aMoment + seconds);

/** An address: `acme/ann` unless said otherwise. */
export function aKey(connection = 'ann', client = 'acme'): ConnectionKey {
  return parseConnectionKey({ client, connection });
}

/** A new connection that is valid in every respect; a test states only what matters to it. */
export function aNewConnection(overrides: Partial<NewConnection> = {}): NewConnection {
  return {
    ...aKey(),
    provider: 'oauth2',
    fence: 1,
    sealedCredential: 'sealed-credential-1',
    renewal: ['refresh_token'],
    clientId: 'client-id',
    origins: ['https://as.example.com'],
    params: {},
    scope: 'read',
    values: {},
    connectedAt: aMoment,
    lastRefreshedAt: aMoment,
    accessTokenExpiresAt: at(3600),
    expirySource: 'expires_in',
    refreshAt: at(3000),
    ...overrides,
  };
}

/** A connection as it is right after it was connected, or as `overrides` say. */
export function aConnection(overrides: Partial<Connection> = {}): Connection {
  const fence = overrides.fence ?? 1;
  return {
    ...aNewConnection({ fence }),
    state: 'active',
    committedFence: fence,
    credentialFence: fence,
    failures: 0,
    ...overrides,
  };
}

/** What remains of `acme/ann`. */
export function aTombstone(overrides: Partial<Tombstone> = {}): Tombstone {
  return { ...aKey(), state: 'revoked', fence: 2, ...overrides };
}

/** An answer that brought a new access token and a new refresh token. */
export function aCommitted(overrides: Partial<Committed> = {}): Committed {
  const committedFence = overrides.committedFence ?? 2;
  return {
    committedFence,
    credential: { sealed: `sealed-credential-${committedFence}`, renewal: ['refresh_token'] },
    values: {},
    lastRefreshedAt: at(3000),
    accessTokenExpiresAt: at(6600),
    expirySource: 'expires_in',
    refreshAt: at(6000),
    ...overrides,
  };
}

/** An access token as stored for `vend`. */
export function aStoredToken(overrides: Partial<StoredToken> = {}): StoredToken {
  return {
    ...aKey(),
    state: 'active',
    fence: 1,
    sealed: 'sealed-token-1',
    tokenType: 'Bearer',
    obtainedAt: aMoment,
    expiresAt: at(3600),
    expirySource: 'expires_in',
    scope: 'read',
    present: { in: 'header', name: 'Authorization', scheme: 'Bearer' },
    values: {},
    ...overrides,
  };
}

/** A grant that awaits its confirmation for ten minutes. */
export function aPendingConnection(overrides: Partial<PendingConnection> = {}): PendingConnection {
  return {
    completionHash: 'c'.repeat(64),
    expiresAt: at(600),
    allowAccountSwitch: false,
    connection: aNewConnection(),
    token: aStoredToken(),
    ...overrides,
  };
}
