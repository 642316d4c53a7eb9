/**
 * The queues that the use cases send to, as interfaces.
 *
 * Every method throws `STORE_UNAVAILABLE` when the service behind it does not answer. A message
 * sent so may still have been taken.
 *
 * @module
 */
import type { ConnectionKey } from '../names.ts';
import type { EpochSeconds } from '../time.ts';
import type { Committed, StoredToken } from './ports.ts';

/** Ids only: what is to be refreshed, and the schedule that said so. */
export interface RefreshMessage extends ConnectionKey {
  readonly refreshAt: EpochSeconds;
}

export interface RefreshQueue {
  /** Sends all. The group is client and lane: within one, messages are handled in order. */
  send(messages: readonly (RefreshMessage & { readonly lane: number })[]): Promise<void>;
}

/** An answer that could not be stored, sealed, on its way round the store's failure. */
export interface RecoveryMessage extends ConnectionKey {
  readonly fence: number;
  readonly answer: Committed;
  readonly token: StoredToken;
}

export interface RecoveryQueue {
  send(message: RecoveryMessage): Promise<void>;
}

/** Tokens to revoke at the provider, sealed. */
export interface RevocationMessage extends ConnectionKey {
  readonly fence: number;
  /** Compact JWE of the tokens and of what they may be sent to, purpose `revocation`. */
  readonly sealed: string;
}

export interface RevocationQueue {
  send(message: RevocationMessage): Promise<void>;
}
