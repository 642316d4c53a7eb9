/**
 * Makes a new grant live: a first connection, or a reconnect over an existing one.
 *
 * @module
 */
import { Fault, isFault } from '../fault.ts';
import type { ConnectionKey } from '../names.ts';
import type { TokenAnswer } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import type { Clock, EpochSeconds } from '../time.ts';
import { nextFence } from './fence.ts';
import {
  type AnswerPorts,
  buildStoredToken,
  emptyToken,
  scheduleAnswer,
  sealCredential,
} from './kept-answer.ts';
import { pinClient } from './pinned-client.ts';
import type {
  Connection,
  ConnectionStore,
  NewConnection,
  StoredToken,
  TokenStore,
  Tombstone,
} from './ports.ts';
import {
  type RenewalCredential,
  readRenewalCredential,
  renewalKinds,
} from './renewal-credential.ts';

export interface EstablishPorts extends AnswerPorts {
  readonly connections: ConnectionStore;
  readonly tokens: TokenStore;
  readonly clock: Clock;
}

/** What a resource owner has just granted. */
export interface NewGrant extends ConnectionKey {
  /** Absent: only a refresh token was imported; the access token comes with the first refresh. */
  readonly answer?: TokenAnswer;
  readonly credential: RenewalCredential;
  readonly params: Readonly<Record<string, string>>;
  readonly scope?: string;
  readonly allowAccountSwitch: boolean;
}

/** What is to be written for a grant: both rows, bound to one fence. */
export interface PreparedConnection {
  readonly connection: NewConnection;
  readonly token: StoredToken;
  /** The `credential_fence` of the grant whose refresh token this one keeps; absent: none is kept. */
  readonly keptFrom?: number;
}

type Existing = Connection | Tombstone | undefined;

/** How often a reconnect is tried again when refreshes of the old grant get in between. */
const attempts = 5;

/**
 * Stores a grant under the fences of whatever was there before, so that no refresh of the old
 * grant can overwrite it.
 *
 * @returns the connection as stored, and whether it is new.
 * @throws {Fault} `ACCOUNT_MISMATCH` when another account answered and may not,
 *   `CONNECTION_CHANGED` when others keep writing, `STORE_UNAVAILABLE`.
 */
export async function establishConnection(
  ports: EstablishPorts,
  client: Client,
  grant: NewGrant,
): Promise<{ readonly created: boolean; readonly connection: Connection }> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const existing = await ports.connections.read(grant);
    const fence = nextFence(existing?.fence, ports.clock);
    const prepared = await prepareConnection(ports, client, { grant, existing, fence });
    if (await storeConnection(ports, prepared, existing)) {
      return { created: !isLive(existing), connection: asStored(prepared.connection) };
    }
  }
  throw new Fault('CONNECTION_CHANGED', { client: grant.client, connection: grant.connection });
}

/**
 * Seals and schedules a grant for a given fence, and writes nothing.
 *
 * @throws {Fault} `ACCOUNT_MISMATCH`
 */
export async function prepareConnection(
  ports: EstablishPorts,
  client: Client,
  input: { readonly grant: NewGrant; readonly existing: Existing; readonly fence: number },
): Promise<PreparedConnection> {
  const { grant, existing, fence } = input;
  const old = isLive(existing) ? existing : undefined;
  assertSameAccount(grant, old);

  const { client: name, connection, params, answer } = grant;
  const kept = await keepOldRefreshToken(ports, grant, old);
  const credential = { ...kept?.credential, ...grant.credential };
  const renewal = renewalKinds(credential);
  const now = ports.clock.now();
  const context = {
    client: name,
    connection,
    params,
    values: answer?.values ?? {},
    ...(grant.scope !== undefined && { scope: grant.scope }),
  };
  const schedule = answer
    ? scheduleAnswer(ports, client, {
        answer,
        renewal,
        ...(kept?.expiresAt !== undefined && { refreshTokenExpiresAt: kept.expiresAt }),
      })
    : { expirySource: 'unknown' as const, refreshAt: now };
  const sealedCredential =
    renewal.length === 0
      ? undefined
      : await sealCredential(ports, { client: name, connection, fence }, credential);
  const scope = answer?.scope ?? grant.scope;
  const accountId = answer?.accountId;
  return {
    ...(old && kept && { keptFrom: old.credentialFence }),
    token: answer
      ? await buildStoredToken(ports, client, { context, answer, fence, schedule, renewal })
      : emptyToken({ ...grant, fence }, now),
    connection: {
      client: name,
      connection,
      provider: client.definition.name,
      fence,
      renewal,
      ...pinClient(client),
      params,
      values: context.values,
      connectedAt: now,
      lastRefreshedAt: answer?.obtainedAt ?? now,
      ...schedule,
      ...(sealedCredential && { sealedCredential: sealedCredential.sealed }),
      ...(scope !== undefined && { scope }),
      ...(accountId !== undefined && { accountId }),
    },
  };
}

/** Writes both rows. False when another writer came first; then read again. */
export async function storeConnection(
  { connections, tokens }: Pick<EstablishPorts, 'connections' | 'tokens'>,
  prepared: PreparedConnection,
  existing: Existing,
): Promise<boolean> {
  const { connection, token } = prepared;
  if ((await connections.connect(connection, existing?.fence)) === 'lost') {
    // The write may have been ours, with its answer lost on the way.
    const written = await connections.read(connection);
    if (!isLive(written) || written.committedFence !== connection.fence) return false;
  }
  await tokens.publish(token);
  return true;
}

/** Whether a row is a connection rather than nothing, or what a deleted one left. */
export function isLive(row: Connection | Tombstone | undefined): row is Connection {
  return row !== undefined && row.state !== 'revoked';
}

/** A connection as it reads back right after it was written. */
export function asStored(connection: NewConnection): Connection {
  const { fence } = connection;
  return {
    ...connection,
    state: 'active',
    committedFence: fence,
    credentialFence: fence,
    failures: 0,
  };
}

function assertSameAccount(grant: NewGrant, old: Connection | undefined): void {
  const answered = grant.answer?.accountId;
  if (grant.allowAccountSwitch || old?.accountId === undefined || answered === undefined) return;
  if (old.accountId === answered) return;
  throw new Fault('ACCOUNT_MISMATCH', { client: grant.client, connection: grant.connection });
}

/**
 * The old refresh token, where a reconnect brings none: some providers issue one at the first
 * consent only. Kept for the same known account, and never from a connection that was dead.
 */
async function keepOldRefreshToken(
  { sealer }: EstablishPorts,
  grant: NewGrant,
  old: Connection | undefined,
): Promise<
  { readonly credential: RenewalCredential; readonly expiresAt?: EpochSeconds } | undefined
> {
  if (grant.credential.refreshToken || !old?.sealedCredential) return undefined;
  const answered = grant.answer?.accountId;
  if (old.state === 'needs_reauth' || answered === undefined || old.accountId !== answered) {
    return undefined;
  }
  const refreshToken = await openRefreshToken(sealer, old, old.sealedCredential);
  if (!refreshToken) return undefined;
  return {
    credential: { refreshToken },
    ...(old.refreshTokenExpiresAt !== undefined && { expiresAt: old.refreshTokenExpiresAt }),
  };
}

/** None when it does not open any more: to connect again is then the way out, and must go. */
async function openRefreshToken(
  sealer: EstablishPorts['sealer'],
  { client, connection, credentialFence: fence }: Connection,
  sealed: string,
): Promise<RenewalCredential['refreshToken']> {
  try {
    const text = await sealer.open('renewal', { client, connection, fence }, sealed);
    return readRenewalCredential(text).refreshToken;
  } catch (error) {
    if (isFault(error) && error.code === 'SEALED_VALUE_INVALID') return undefined;
    throw error;
  }
}
