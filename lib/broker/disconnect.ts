import { Fault, isFault } from '../fault.ts';
import { type ConnectionKey, keyText } from '../names.ts';
import type { Secret } from '../secret.ts';
import { type Clock, later, seconds } from '../time.ts';
import { isLive } from './establish-connection.ts';
import { nextFence } from './fence.ts';
import { assertPinned } from './pinned-client.ts';
import type {
  ClientRegistry,
  Connection,
  ConnectionStore,
  Log,
  Sealer,
  TokenStore,
  Tombstone,
} from './ports.ts';
import type { RevocationQueue } from './queue-ports.ts';
import { readRenewalCredential } from './renewal-credential.ts';
import { writeRevocation } from './revocation.ts';
import { openStoredToken } from './token-seal.ts';

interface Ports {
  readonly connections: ConnectionStore;
  readonly tokens: TokenStore;
  readonly clients: ClientRegistry;
  readonly sealer: Sealer;
  readonly revocations: RevocationQueue;
  readonly clock: Clock;
  readonly log: Log;
}

/** Longer than any queue keeps a message, so that nothing late revives what was deleted. */
const tombstoneSeconds = seconds(30 * 24 * 3600);
const attempts = 5;

/**
 * Ends a connection: deletes its secrets here at once, and has them revoked at the provider where
 * it can (RFC 7009), by way of a queue that tries again.
 *
 * @throws {Fault} `UNKNOWN_CONNECTION`, `UNKNOWN_CLIENT`, `CONNECTION_CHANGED`,
 *   `STORE_UNAVAILABLE`; after the last one, the same request may be sent again.
 */
export async function disconnect(ports: Ports, key: ConnectionKey): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const row = await ports.connections.read(key);
    if (!isLive(row)) {
      if (row && (await finishBurial(ports, row))) return;
      throw await unknown(ports, key);
    }
    // Before the deletion: afterwards nobody would know what to revoke.
    await queueRevocation(ports, row);
    if (await bury(ports, row)) return;
  }
  throw new Fault('CONNECTION_CHANGED', { client: key.client, connection: key.connection });
}

async function bury({ connections, tokens, clock }: Ports, row: Connection): Promise<boolean> {
  const { client, connection } = row;
  const fence = nextFence(row.fence, clock);
  const tombstone = { client, connection, state: 'revoked', fence } as const;
  const expiresAt = later(clock.now(), tombstoneSeconds);
  if ((await connections.remove(tombstone, row.fence, expiresAt)) === 'lost') {
    const current = await connections.read(row);
    if (current?.fence !== fence) return false;
  }
  await tokens.remove(tombstone, expiresAt);
  return true;
}

/** Deletes the token that an earlier request, whose end nobody saw, left behind. False: there is none. */
async function finishBurial({ tokens, clock }: Ports, tombstone: Tombstone): Promise<boolean> {
  const expiresAt = later(clock.now(), tombstoneSeconds);
  return (await tokens.remove(tombstone, expiresAt)) === 'done';
}

/** A registration or a key that is gone must not keep a connection from being deleted. */
async function queueRevocation(ports: Ports, row: Connection): Promise<void> {
  try {
    const client = await ports.clients.read(row.client);
    assertPinned(client, row);
    if (client.definition.revoke) await sendRevocation(ports, row);
  } catch (error) {
    if (!isFault(error) || error.code === 'STORE_UNAVAILABLE') throw error;
    ports.log.error('not_revoked_at_provider', {
      connection: keyText(row),
      code: error.code,
      advice: 'the tokens cannot be read or sent; revoke them at the provider by hand',
    });
  }
}

async function sendRevocation(ports: Ports, row: Connection): Promise<void> {
  const { client, connection, fence, clientId, origins } = row;
  const refreshToken = await openRefreshToken(ports, row);
  const accessToken = await openAccessToken(ports, row);
  if (refreshToken === undefined && accessToken === undefined) return;
  const revocation = {
    ...(refreshToken !== undefined && { refreshToken }),
    ...(accessToken !== undefined && { accessToken }),
    clientId,
    origins,
  };
  const binding = { client, connection, fence };
  const sealed = await ports.sealer.seal('revocation', binding, writeRevocation(revocation));
  await ports.revocations.send({ client, connection, fence, sealed });
}

async function openRefreshToken(
  { sealer }: Ports,
  { client, connection, credentialFence: fence, sealedCredential }: Connection,
): Promise<Secret<'refresh_token'> | undefined> {
  if (!sealedCredential) return undefined;
  const text = await sealer.open('renewal', { client, connection, fence }, sealedCredential);
  return readRenewalCredential(text).refreshToken;
}

async function openAccessToken(
  { sealer, tokens, log }: Ports,
  key: ConnectionKey,
): Promise<Secret<'access_token'> | undefined> {
  const token = await tokens.read(key, true);
  if (!token || token.state === 'revoked') return undefined;
  try {
    return await openStoredToken(sealer, token);
  } catch (error) {
    // What was done to this row must not keep the refresh token from being revoked.
    if (!isFault(error) || error.code !== 'SEALED_VALUE_INVALID') throw error;
    log.error('not_revoked_at_provider', {
      connection: keyText(key),
      kind: 'access_token',
      code: error.code,
      advice: 'the access token cannot be read; it lives until it expires',
    });
    return undefined;
  }
}

async function unknown({ clients }: Ports, key: ConnectionKey): Promise<Fault> {
  await clients.read(key.client);
  return new Fault('UNKNOWN_CONNECTION', { client: key.client, connection: key.connection });
}
