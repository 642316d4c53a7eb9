/**
 * What the use cases remember of a client as a whole, for all its connections and all workers.
 *
 * Every method throws `STORE_UNAVAILABLE` when the service behind it does not answer. A write that
 * ended so may still have been applied.
 *
 * @module
 */
import type { ClientName } from '../names.ts';
import type { EpochSeconds, Seconds } from '../time.ts';

/** What is known of a client as a whole. */
export interface ClientStatus {
  /** The version of the registration whose secret the provider refused; a newer one clears it. */
  readonly refusedVersion?: string;
  readonly refusedAt?: EpochSeconds;
  /** The version of the registration that no longer matched what a connection had pinned. */
  readonly changedVersion?: string;
  readonly changedAt?: EpochSeconds;
  /** The version of the registration whose newer client secret has worked: its older one is over. */
  readonly provenVersion?: string;
  /** Calls in a row that brought no usable answer, for whichever connections. */
  readonly troubles?: number;
  /** The breaker: nothing is sent for this client before then, and one probe after it. */
  readonly openUntil?: EpochSeconds;
  /** Until when a probe may be under way. */
  readonly probeUntil?: EpochSeconds;
  /** How many of its connections are refreshed side by side, where that is not the setting. */
  readonly lanes?: number;
}

/** The clients' own rows. */
export interface ClientStore {
  read(client: ClientName): Promise<ClientStatus>;
  markRefused(client: ClientName, version: string, at: EpochSeconds): Promise<void>;
  /** Forgets the refusal of `version`, unless another one has been refused since. */
  clearRefused(client: ClientName, version: string): Promise<void>;
  /** Notes that `version` does not match what a connection had pinned, each version once. */
  markChanged(client: ClientName, version: string, at: EpochSeconds): Promise<void>;
  /** Notes that the newer client secret of `version` has worked. */
  markProven(client: ClientName, version: string): Promise<void>;

  /**
   * Counts a call that brought no usable answer.
   *
   * @param calledAt - when the call began. One that began before the breaker opened says nothing
   *   that is not known, and is not counted.
   * @returns how many there were in a row, this one included; undefined when it does not count.
   */
  countTrouble(client: ClientName, calledAt: EpochSeconds): Promise<number | undefined>;

  /** Opens the breaker: nothing is sent before `until`, and no probe is under way. */
  openBreaker(client: ClientName, until: EpochSeconds): Promise<void>;

  /** Takes the probe: condition the breaker's time is over at `now`, and no probe is under way. */
  takeProbe(
    client: ClientName,
    probe: { readonly now: EpochSeconds; readonly until: EpochSeconds },
  ): Promise<'done' | 'lost'>;

  /** The provider answers: forgets troubles, breaker and probe. */
  closeBreaker(client: ClientName): Promise<void>;

  /**
   * Counts a grant that the provider called dead.
   *
   * @returns how many there were in the window of `windowSeconds` that this one falls into, or in
   *   the window right before it if that is more.
   */
  countRefusedGrant(
    client: ClientName,
    refusal: { readonly at: EpochSeconds; readonly windowSeconds: Seconds },
  ): Promise<number>;
}
