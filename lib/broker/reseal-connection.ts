/**
 * One connection's sealed values, sealed again with the current keys where they are not.
 *
 * @module
 */
import { Fault, isFault } from '../fault.ts';
import { type ConnectionKey, keyText } from '../names.ts';
import type { Clock } from '../time.ts';
import { isLive } from './establish-connection.ts';
import type {
  KeyRecordStore,
  KeyRingName,
  Replacement,
  Resealer,
  SealedValue,
  SealedValueStore,
} from './key-ports.ts';
import type { ConnectionStore, Log, TokenStore } from './ports.ts';
import { isAlive } from './token-fitness.ts';
import { tokenBinding } from './token-seal.ts';

export interface ResealConnectionPorts {
  readonly connections: Pick<ConnectionStore, 'read'>;
  readonly tokens: Pick<TokenStore, 'read'>;
  readonly sealedValues: SealedValueStore;
  readonly resealer: Resealer;
  readonly records: Pick<KeyRecordStore, 'noteUsed'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What became of a connection's values. */
export interface ConnectionTally {
  readonly resealed: number;
  /** Values, or a whole row, that do not open; the log names each. */
  readonly unopened: number;
}

/** A value where it is stored, and how another is put in its place. */
interface StoredValue extends SealedValue {
  readonly ring: KeyRingName;
  readonly replace: (change: Replacement) => Promise<'done' | 'lost'>;
}

/** How often a value is looked at again that somebody else has just written. */
const tries = 5;

/**
 * Seals a connection's values again with these keys. What has them already is not written, nor is a
 * token that has ended. A refresh, reconnect or deletion that comes between always wins.
 *
 * @throws {Fault} `STORE_UNAVAILABLE`
 */
export async function resealConnection(
  ports: ResealConnectionPorts,
  key: ConnectionKey,
  targets: Readonly<Record<KeyRingName, string>>,
): Promise<ConnectionTally> {
  const credential = await resealValue(ports, () => readCredential(ports, key), { key, targets });
  const token = await resealValue(ports, () => readToken(ports, key), { key, targets });
  const endings = [credential, token];
  return {
    resealed: endings.filter((ending) => ending === 'resealed').length,
    unopened: endings.filter((ending) => ending === 'unopened').length,
  };
}

async function resealValue(
  ports: ResealConnectionPorts,
  read: () => Promise<StoredValue | undefined>,
  about: { readonly key: ConnectionKey; readonly targets: Readonly<Record<KeyRingName, string>> },
): Promise<'current' | 'resealed' | 'unopened'> {
  const { key, targets } = about;
  try {
    for (let round = 0; round < tries; round += 1) {
      const value = await read();
      const resealed = value && (await ports.resealer.reseal(value, targets[value.ring]));
      if (!resealed) return 'current';
      // Before the write: what was proven of this key is not true any more, or never was.
      await ports.records.noteUsed(value.ring, resealed.oldKeyId);
      const { binding, sealed } = value;
      const change = { fence: binding.fence, sealed, next: resealed.sealed };
      if ((await value.replace(change)) === 'done') return 'resealed';
    }
  } catch (error) {
    if (!isFault(error) || error.code === 'STORE_UNAVAILABLE') throw error;
    const { code, context, message: advice } = error;
    ports.log.error('not_resealed', { connection: keyText(key), code, context, advice });
    return 'unopened';
  }
  const place = { store: 'sealed-values', operation: 'reseal', reason: 'contention' };
  throw new Fault('STORE_UNAVAILABLE', place);
}

async function readCredential(
  { connections, sealedValues }: ResealConnectionPorts,
  key: ConnectionKey,
): Promise<StoredValue | undefined> {
  const row = await connections.read(key);
  if (!isLive(row) || !row.sealedCredential) return undefined;
  const { client, connection, credentialFence: fence, sealedCredential: sealed } = row;
  return {
    ring: 'renewal',
    purpose: 'renewal',
    binding: { client, connection, fence },
    sealed,
    replace: (change) => sealedValues.replaceCredential(key, change),
  };
}

async function readToken(
  { tokens, sealedValues, clock }: ResealConnectionPorts,
  key: ConnectionKey,
): Promise<StoredValue | undefined> {
  const token = await tokens.read(key, true);
  if (!token || token.state === 'revoked' || !token.sealed || !isAlive(clock, token)) {
    return undefined;
  }
  return {
    ring: 'access-token',
    purpose: 'access_token',
    binding: tokenBinding(token),
    sealed: token.sealed,
    replace: (change) => sealedValues.replaceToken(key, change),
  };
}
