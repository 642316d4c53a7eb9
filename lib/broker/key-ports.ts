/**
 * What an operator's work on the key rings needs of the world, as interfaces. `lib/aws` has them on
 * AWS; `test/support` has them in memory; `test/contract` holds both to what is promised here.
 *
 * Every method throws `STORE_UNAVAILABLE` when the service behind it does not answer. A write that
 * ended so may still have been applied.
 *
 * @module
 */
import type { ClientName, ConnectionKey } from '../names.ts';
import type { Secret } from '../secret.ts';
import type { EpochSeconds } from '../time.ts';
import type { SealBinding, SealPurpose } from './ports.ts';

/** The two rings: what may open access tokens cannot open what renews them. */
export type KeyRingName = 'access-token' | 'renewal';

export const keyRingNames: readonly KeyRingName[] = ['access-token', 'renewal'];

/** A ring as it is stored, without a character of its keys. */
export interface StoredKeyRing {
  readonly ring: KeyRingName;
  readonly currentKeyId: string;
  readonly keyIds: readonly string[];
  /** Of the secret; what a change is conditioned on. */
  readonly version: string;
  /** When this version was written. */
  readonly writtenAt: EpochSeconds;
  /** When the ring was made: its first key is as old. */
  readonly createdAt: EpochSeconds;
  /** When anything about the ring changed last: no function can have read it as it is before. */
  readonly changedAt: EpochSeconds;
}

/**
 * The rings as an operator may change them. Of two operators that saw the same version, one changes
 * the ring and the other is told; a ring is never without a key that either of them saw.
 */
export interface KeyRingStore {
  /** @throws {Fault} `KEY_RING_INVALID` when it is missing or malformed. */
  read(ring: KeyRingName): Promise<StoredKeyRing>;
  /** Adds a key and makes it current, all others kept: condition the version as seen. */
  addKey(
    seen: StoredKeyRing,
    key: { readonly keyId: string; readonly characters: Secret<'key'> },
  ): Promise<'done' | 'lost'>;
  /** Takes a key that is not the current one out: condition the version as seen. */
  removeKey(seen: StoredKeyRing, keyId: string): Promise<'done' | 'lost'>;
}

/** The key of a ring that seals, as far as whoever only seals knows it. */
export interface CurrentKey {
  readonly keyId: string;
  /** When the ring's version was written. Absent: its store does not tell. */
  readonly writtenAt?: EpochSeconds;
}

/** What is known of one key beside its characters. */
export interface KeyRecord {
  readonly createdAt?: EpochSeconds;
  /** Since when nothing in either table and no message is sealed with it, as far as was proven. */
  readonly unusedSince?: EpochSeconds;
}

/**
 * What is known of keys. It stands in the connections' table, so that a table that is put back to an
 * earlier moment takes back what was proven of it later.
 */
export interface KeyRecordStore {
  read(ring: KeyRingName, keyId: string): Promise<KeyRecord>;
  /** Begins a key's record: whatever was known of an earlier key of this id is forgotten. */
  noteCreated(ring: KeyRingName, keyId: string, at: EpochSeconds): Promise<void>;
  /** Notes that nothing uses the key, unless that has been noted before. */
  noteUnused(ring: KeyRingName, keyId: string, at: EpochSeconds): Promise<void>;
  /** Takes that back: something sealed with it was found. */
  noteUsed(ring: KeyRingName, keyId: string): Promise<void>;
}

/** Opens what any key of a ring has sealed and seals it with another one, both in one step. */
export interface Resealer {
  /**
   * Seals a value again. The plaintext does not leave this call.
   *
   * @param keyId - the key that is to have sealed it in the end.
   * @returns undefined when that key has sealed it already; else which one had, and the new value.
   * @throws {Fault} `SEALED_VALUE_INVALID` when it does not open.
   */
  reseal(value: SealedValue, keyId: string): Promise<Resealed | undefined>;
}

export interface SealedValue {
  readonly purpose: SealPurpose;
  readonly binding: SealBinding;
  readonly sealed: string;
}

export interface Resealed {
  readonly oldKeyId: string;
  readonly sealed: string;
}

/** Puts a value in the place of the same value sealed otherwise. Nothing else of a row changes. */
export interface SealedValueStore {
  /** Condition: `credential_fence` and the sealed credential as seen. */
  replaceCredential(key: ConnectionKey, change: Replacement): Promise<'done' | 'lost'>;
  /** Condition: `fence` and the sealed token as seen. */
  replaceToken(key: ConnectionKey, change: Replacement): Promise<'done' | 'lost'>;
}

export interface Replacement {
  /** Of the sealed value. */
  readonly fence: number;
  readonly sealed: string;
  readonly next: string;
}

/** Finds every connection without a scan: client by client. */
export interface ConnectionDirectory {
  /** Every client with a registration, or with a connection in the schedule, in order. */
  listClients(): Promise<readonly ClientName[]>;
  /** A page of one client's connections, in order of their ids, from an index. */
  listKeys(page: {
    readonly client: ClientName;
    readonly after?: ConnectionKey;
  }): Promise<{ readonly keys: readonly ConnectionKey[]; readonly after?: ConnectionKey }>;
}

/** How many messages with sealed values wait in all queues, those on their way included. */
export type CountSealedMessages = () => Promise<number>;

/** How far a sweep has come. */
export interface ResealProgress {
  readonly startedAt: EpochSeconds;
  /** The keys that everything is to be sealed with. */
  readonly targets: Readonly<Record<KeyRingName, string>>;
  /** The connection that was looked at last; absent: none yet. */
  readonly after?: ConnectionKey;
  /** How many connections were looked at, values sealed again, and values left that do not open. */
  readonly seen: number;
  readonly resealed: number;
  readonly unopened: number;
  /** Absent: it is under way, or was stopped. */
  readonly finishedAt?: EpochSeconds;
}

/** Keeps the progress of the sweep. There is one; of two at once, the last write is kept. */
export interface ResealProgressStore {
  read(): Promise<ResealProgress | undefined>;
  write(progress: ResealProgress): Promise<void>;
}
