import {
  type ConnectionDirectory,
  type KeyRecord,
  type KeyRecordStore,
  type KeyRingName,
  type KeyRingStore,
  keyRingNames,
  type ResealProgress,
  type ResealProgressStore,
  type SealedValueStore,
  type StoredKeyRing,
} from '../../lib/broker/key-ports.ts';
import type { Connection, StoredToken } from '../../lib/broker/ports.ts';
import { type ClientName, type ConnectionKey, keyText } from '../../lib/names.ts';
import type { ReadKeyRing } from '../../lib/sealing/jwe-sealer.ts';
import { parseKeyRing } from '../../lib/sealing/key-ring.ts';
import { writeWithKey, writeWithoutKey } from '../../lib/sealing/key-ring-text.ts';
import type { Clock, EpochSeconds } from '../../lib/time.ts';
import { keyCharacters } from './key-rings.ts';
import type { MemoryConnectionStore } from './memory-connection-store.ts';
import type { MemoryTokenStore } from './memory-token-store.ts';
import { without } from './without.ts';

export interface MemoryKeyRings extends KeyRingStore {
  /** The rings as functions read them, nothing remembered. */
  readonly readRing: ReadKeyRing;
  /** A ring's secret, for a test to look at. */
  readonly textOf: (ring: KeyRingName) => string;
}

interface RingVersion {
  readonly text: string;
  readonly number: number;
  readonly createdAt: EpochSeconds;
  readonly writtenAt: EpochSeconds;
}

/** A `KeyRingStore` in memory: both rings have one key, `k1`. */
export function memoryKeyRings(clock: Clock): MemoryKeyRings {
  const createdAt = clock.now();
  const rings = new Map<KeyRingName, RingVersion>(
    keyRingNames.map((ring) => {
      const text = JSON.stringify({ current: 'k1', k1: keyCharacters(ring, 'k1') });
      return [ring, { text, number: 1, createdAt, writtenAt: createdAt }];
    }),
  );
  const versionOf = (ring: KeyRingName): RingVersion => {
    const version = rings.get(ring);
    if (!version) throw new Error('both rings are there from the beginning');
    return version;
  };
  const change = (seen: StoredKeyRing, write: (secretText: string) => string) => {
    const { ring, version } = seen;
    const current = versionOf(ring);
    if (version !== `${current.number}`) return 'lost';
    const next = { text: write(current.text), number: current.number + 1, writtenAt: clock.now() };
    rings.set(ring, { ...current, ...next });
    return 'done';
  };
  return {
    textOf: (ring) => versionOf(ring).text,
    readRing: async (ring) => parseKeyRing(ring, versionOf(ring).text),
    read: async (ring) => {
      const { text, number, createdAt: madeAt, writtenAt } = versionOf(ring);
      const { currentKeyId, keyIds } = parseKeyRing(ring, text);
      const at = { createdAt: madeAt, writtenAt, changedAt: writtenAt };
      return { ring, currentKeyId, keyIds, version: `${number}`, ...at };
    },
    addKey: async (seen, key) => change(seen, (text) => writeWithKey(seen.ring, text, key)),
    removeKey: async (seen, keyId) =>
      change(seen, (text) => writeWithoutKey(seen.ring, text, keyId)),
  };
}

/** A `KeyRecordStore` in a `Map`. */
export function memoryKeyRecords(): KeyRecordStore {
  const records = new Map<string, KeyRecord>();
  const name = (ring: KeyRingName, keyId: string) => `${ring} ${keyId}`;
  const of = (ring: KeyRingName, keyId: string) => records.get(name(ring, keyId)) ?? {};
  return {
    read: async (ring, keyId) => of(ring, keyId),
    noteCreated: async (ring, keyId, createdAt) => {
      records.set(name(ring, keyId), { createdAt });
    },
    noteUnused: async (ring, keyId, unusedSince) => {
      records.set(name(ring, keyId), { unusedSince, ...of(ring, keyId) });
    },
    noteUsed: async (ring, keyId) => {
      records.set(name(ring, keyId), without(of(ring, keyId), 'unusedSince'));
    },
  };
}

/** A `ResealProgressStore` in memory, and how often it was written. */
export function memoryResealProgress(): ResealProgressStore & { readonly writes: () => number } {
  let kept: ResealProgress | undefined;
  let writes = 0;
  return {
    writes: () => writes,
    read: async () => kept,
    write: async (progress) => {
      kept = progress;
      writes += 1;
    },
  };
}

/** A `SealedValueStore` over the stores in memory. */
export function memorySealedValues(
  connections: MemoryConnectionStore,
  tokens: MemoryTokenStore,
): SealedValueStore {
  const liveRow = (key: ConnectionKey) => {
    const row = connections.rows.get(keyText(key));
    return row && row.state !== 'revoked' ? row : undefined;
  };
  const liveToken = (key: ConnectionKey) => {
    const row = tokens.rows.get(keyText(key));
    return row && row.state !== 'revoked' ? row : undefined;
  };
  return {
    replaceCredential: async (key, { fence, sealed, next }) => {
      const row: Connection | undefined = liveRow(key);
      if (row?.credentialFence !== fence || row.sealedCredential !== sealed) return 'lost';
      connections.put({ ...row, sealedCredential: next });
      return 'done';
    },
    replaceToken: async (key, { fence, sealed, next }) => {
      const row: StoredToken | undefined = liveToken(key);
      if (row?.fence !== fence || row.sealed !== sealed) return 'lost';
      tokens.put({ ...row, sealed: next });
      return 'done';
    },
  };
}

/** How many connections a page has: few, so that a test has several pages. */
const pageSize = 3;

/** A `ConnectionDirectory` over the store in memory. */
export function memoryDirectory(
  connections: MemoryConnectionStore,
  registered: readonly ClientName[] = [],
): ConnectionDirectory {
  const live = () => [...connections.rows.values()].filter(({ state }) => state !== 'revoked');
  return {
    listClients: async () => {
      const scheduled = live().flatMap((row) =>
        'refreshAt' in row && row.refreshAt !== undefined ? [row.client] : [],
      );
      return [...new Set([...registered, ...scheduled])].toSorted();
    },
    listKeys: async ({ client, after }) => {
      const keys = live()
        .map((row) => ({ client: row.client, connection: row.connection }))
        .filter((key) => key.client === client)
        .filter(({ connection }) => after === undefined || connection > after.connection)
        .toSorted((one, other) => (one.connection < other.connection ? -1 : 1));
      const page = keys.slice(0, pageSize);
      const last = page.at(-1);
      return keys.length > pageSize && last ? { keys: page, after: last } : { keys: page };
    },
  };
}
