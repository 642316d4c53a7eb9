/**
 * A change of one row of the connections' table, as far as others may be told of it. No image has
 * room for a credential, an account or a value that a provider gave.
 *
 * @module
 */
import type { ReauthorizationReason } from '../fault.ts';
import type { ClientName, ConnectionKey } from '../names.ts';
import type { EpochSeconds } from '../time.ts';
import type { ConnectionState, RenewalKind } from './ports.ts';
import type { RemindDays } from './renewal-end.ts';

/** When a row was written last: the later of two writes that are told has the higher one. */
export interface Version {
  readonly fence: number;
  /** How many writes that are told there were under this fence. */
  readonly changes: number;
}

/** A connection before or after a write. */
export interface LiveImage extends Version {
  readonly state: ConnectionState;
  readonly provider: string;
  readonly committedFence: number;
  readonly renewal: readonly RenewalKind[];
  readonly reason?: ReauthorizationReason;
  readonly needsReauthSince?: EpochSeconds;
  readonly failingSince?: EpochSeconds;
  readonly refreshAt?: EpochSeconds;
  readonly accessTokenExpiresAt?: EpochSeconds;
  readonly renewalEndsAt?: EpochSeconds;
  readonly remindDays?: RemindDays;
}

/** What a deleted connection leaves. */
export interface TombstoneImage extends Version {
  readonly state: 'revoked';
}

export type ConnectionImage = LiveImage | TombstoneImage;

/** A client's own row before or after a write. */
export interface ClientImage {
  readonly changes: number;
  readonly refusedVersion?: string;
  readonly refusedAt?: EpochSeconds;
  readonly changedVersion?: string;
  readonly changedAt?: EpochSeconds;
}

/** One write, in the order in which the row was written. An image that is absent: there was no row. */
export type RowChange =
  | {
      readonly row: 'connection';
      readonly key: ConnectionKey;
      readonly before?: ConnectionImage;
      readonly after?: ConnectionImage;
    }
  | {
      readonly row: 'client';
      readonly client: ClientName;
      readonly before?: ClientImage;
      readonly after?: ClientImage;
    }
  /** A row that nobody is told of. */
  | { readonly row: 'other' };
