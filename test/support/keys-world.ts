/**
 * Connections in memory whose values are really sealed, and all that an operator's work on their
 * keys needs.
 *
 * @module
 */
import { decodeProtectedHeader } from 'jose';
import type { KeyRingName } from '../../lib/broker/key-ports.ts';
import { randomToken } from '../../lib/broker/one-time-token.ts';
import type { Connection, StoredToken } from '../../lib/broker/ports.ts';
import {
  type ResealEnding,
  type ResealPorts,
  type ResealRequest,
  resealAll,
} from '../../lib/broker/reseal-all.ts';
import { rotateKey } from '../../lib/broker/rotate-key.ts';
import { openStoredToken, sealToken } from '../../lib/broker/token-seal.ts';
import type { ConnectionKey } from '../../lib/names.ts';
import { jweResealer, jweSealer } from '../../lib/sealing/jwe-sealer.ts';
import { Secret } from '../../lib/secret.ts';
import { later, seconds } from '../../lib/time.ts';
import { aConnection, aKey, aStoredToken } from './connections.ts';
import { memoryConnectionStore } from './memory-connection-store.ts';
import {
  memoryDirectory,
  memoryKeyRecords,
  memoryKeyRings,
  memoryResealProgress,
  memorySealedValues,
} from './memory-keys.ts';
import { memoryTokenStore } from './memory-token-store.ts';
import { movingClock } from './moving-clock.ts';
import { recordingLog } from './recording-log.ts';

export const minutes = (count: number) => count * 60_000;
export const days = (count: number) => count * 24 * 3_600_000;

/** Each resealing goes through all connections unless a test says otherwise. */
const wholeSweep: ResealRequest = {
  clients: [],
  anew: false,
  isStopped: () => false,
  onProgress: () => undefined,
};

export function keysWorld() {
  const clock = movingClock();
  const rings = memoryKeyRings(clock);
  const sealer = jweSealer(rings.readRing);
  const connections = memoryConnectionStore();
  const tokens = memoryTokenStore();
  const progress = memoryResealProgress();
  const messages = { waiting: 0 };
  const ports = {
    rings,
    connections,
    tokens,
    progress,
    clock,
    randomToken,
    sealedValues: memorySealedValues(connections, tokens),
    resealer: jweResealer(rings.readRing),
    records: memoryKeyRecords(),
    directory: memoryDirectory(connections),
    countSealedMessages: async () => messages.waiting,
    log: recordingLog(),
  };

  /** Stores a connection, sealed with the keys that are current now. */
  const connect = async (id: string, client = 'acme', change: Partial<Connection> = {}) => {
    const binding = { ...aKey(id, client), fence: 1 };
    const sealedCredential = await sealer.seal('renewal', binding, `refresh of ${id}`);
    connections.put(aConnection({ ...aKey(id, client), sealedCredential, ...change }));
    const expiresAt = later(clock.now(), seconds(90 * 24 * 3600));
    const token = aStoredToken({ ...aKey(id, client), obtainedAt: clock.now(), expiresAt });
    const sealed = await sealToken(sealer, token, new Secret('access_token', `access of ${id}`));
    tokens.put({ ...token, sealed });
  };

  return {
    ports,
    clock,
    rings,
    messages,
    progress,
    connect,
    connectMany: async (count: number, client?: string) => {
      for (let index = 0; index < count; index += 1) await connect(`c${100 + index}`, client);
    },
    rotate: (ring: KeyRingName) => rotateKey(ports, ring),
    reseal: (request: Partial<ResealRequest> = {}, over: Partial<ResealPorts> = {}) =>
      resealAll({ ...ports, ...over }, { ...wholeSweep, ...request }),
    /** Which key has sealed each value, `credential token` for each connection. */
    keyIds: () =>
      Object.fromEntries(
        [...connections.rows].map(([name, row]) => {
          const token = tokens.rows.get(name);
          const sealed = [
            row.state === 'revoked' ? undefined : row.sealedCredential,
            token === undefined || token.state === 'revoked' ? undefined : token.sealed,
          ];
          const ids = sealed.map((text) => (text ? decodeProtectedHeader(text).kid : 'none'));
          return [name, ids.join(' ')];
        }),
      ),
    /** What a connection's values hold, opened with the rings as they are now. */
    open: async (key: ConnectionKey) => {
      const row = (await connections.read(key)) as Connection;
      const token = (await tokens.read(key, true)) as StoredToken;
      const { client, connection, credentialFence: fence, sealedCredential = '' } = row;
      const binding = { client, connection, fence };
      return {
        credential: await sealer.open('renewal', binding, sealedCredential),
        accessToken: (await openStoredToken(sealer, token))?.reveal(),
      };
    },
  };
}

export type KeysWorld = ReturnType<typeof keysWorld>;

/** What a sweep that went to its end left unproven. */
export function missingOf(ending: ResealEnding): readonly string[] {
  if (ending.outcome === 'stopped') throw new Error('the sweep was stopped');
  return ending.missing.map(({ missing }) => missing);
}
