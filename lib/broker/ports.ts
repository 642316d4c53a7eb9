/**
 * What the use cases need of the world, as interfaces. `lib/aws` has them on AWS; `test/support`
 * has them in memory; `test/contract` holds both to what is promised here.
 *
 * Every method throws `STORE_UNAVAILABLE` when the service behind it does not answer. A write that
 * ended so may still have been applied.
 *
 * @module
 */
import type { ReauthorizationReason } from '../fault.ts';
import type { CountedMetric, Dimensions } from '../metrics.ts';
import type { ClientName, ConnectionId, ConnectionKey } from '../names.ts';
import type { PinnedAuthorization } from '../oauth/authorization-request.ts';
import type { ExpirySource } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import type { EpochSeconds, Seconds } from '../time.ts';
import type { RemindDays, ReminderPlan } from './renewal-end.ts';

/** `failing`: refreshes fail, the connection is not lost. `needs_reauth`: only its owner can help. */
export type ConnectionState = 'active' | 'failing' | 'needs_reauth';

/** The right to refresh one connection alone, for a while. */
export interface Lease {
  readonly owner: string;
  readonly until: EpochSeconds;
}

/** Written before a renewal credential is sent: from here on its fate may be unknown. */
export interface Intent {
  readonly fence: number;
  readonly at: EpochSeconds;
  /** Which renewal credential was about to be sent. */
  readonly credentialFence: number;
}

/** What a connection can renew itself with, without opening the sealed value. Best first. */
export type RenewalKind = 'refresh_token' | 'password' | 'client_credentials';

/** When to refresh, and what is known of the tokens' life. Set by every answer. */
export interface Schedule extends ReminderPlan {
  readonly accessTokenExpiresAt?: EpochSeconds;
  readonly expirySource: ExpirySource;
  readonly refreshTokenExpiresAt?: EpochSeconds;
  /** When to look at it next, to refresh it or to remind of its end. Absent: not by schedule. */
  readonly refreshAt?: EpochSeconds;
}

/** One connection, as stored. Holds no access token. */
export interface Connection extends ConnectionKey, Schedule {
  readonly provider: string;
  readonly state: ConnectionState;
  readonly reason?: ReauthorizationReason;
  readonly needsReauthSince?: EpochSeconds;
  /** Counts attempts. Grows for ever, across deletes and reconnects too. */
  readonly fence: number;
  /** The fence of the newest answer that was kept. */
  readonly committedFence: number;
  /** The fence of the newest answer that brought a renewal credential; bound into its seal. */
  readonly credentialFence: number;
  readonly lease?: Lease;
  readonly intent?: Intent;
  /** Compact JWE of a renewal credential; absent when there is none. */
  readonly sealedCredential?: string;
  readonly renewal: readonly RenewalKind[];
  /** Pinned at connect: a registration that differs sends nothing (`CLIENT_CHANGED`). */
  readonly clientId: string;
  readonly origins: readonly string[];
  /** The connection's own params, such as Hurdlr's `userId`. */
  readonly params: Readonly<Record<string, string>>;
  readonly scope?: string;
  readonly accountId?: string;
  readonly values: Readonly<Record<string, string>>;
  readonly connectedAt: EpochSeconds;
  readonly lastRefreshedAt: EpochSeconds;
  readonly failures: number;
  readonly failingSince?: EpochSeconds;
}

/** What remains of a deleted connection, so that nothing late revives it. */
export interface Tombstone extends ConnectionKey {
  readonly state: 'revoked';
  readonly fence: number;
}

/** What a writer saw when it read, and what must still hold when it writes. */
export interface Seen {
  readonly fence: number;
  readonly committedFence: number;
}

/** What an answer changes in a connection. */
export interface Committed extends Schedule {
  readonly committedFence: number;
  /** Present when the answer brought a new renewal credential. */
  readonly credential?: { readonly sealed: string; readonly renewal: readonly RenewalKind[] };
  readonly scope?: string;
  readonly accountId?: string;
  readonly values: Readonly<Record<string, string>>;
  readonly lastRefreshedAt: EpochSeconds;
}

export interface Failure {
  readonly failingSince: EpochSeconds;
  readonly failures: number;
  /** When to try again; absent: only on demand. */
  readonly refreshAt?: EpochSeconds;
  /** Whether this attempt's intent is settled: the provider surely did nothing with the credential. */
  readonly intentSettled: boolean;
}

/** A new connection, or the new grant of an existing one. `fence` becomes all three fences. */
export type NewConnection = Omit<
  Connection,
  | 'committedFence'
  | 'credentialFence'
  | 'lease'
  | 'intent'
  | 'state'
  | 'reason'
  | 'needsReauthSince'
  | 'failures'
  | 'failingSince'
>;

/** A `commit` that is prepared, and waits for its answer. */
export interface PreparedCommit {
  /** As `commit`. It is called once. */
  readonly commit: (answer: Committed) => Promise<'done' | 'lost'>;
  /** Gives it up. */
  readonly drop: () => void;
}

/**
 * The connections, linearizable for each key: of two writers that saw the same, one succeeds.
 *
 * A method that answers `'lost'` has changed nothing, or its own earlier, unanswered try has
 * changed it: read again and look whether the fence or the lease's owner is yours.
 */
export interface ConnectionStore {
  /** As last written, consistently; undefined when there never was one. */
  read(key: ConnectionKey): Promise<Connection | Tombstone | undefined>;

  /**
   * Takes the lease and writes the intent, in one write.
   *
   * Condition: fence, committed fence and schedule as seen, no lease or one that ended before `now`
   * less `clockSkewSeconds`, state not revoked and not `needs_reauth`. An undecided older intent
   * stays. The schedule tells of a failure, or a request to wait, that came after the reading: an
   * attempt that outlived its lease writes it under a fence that stays.
   */
  acquire(input: {
    readonly key: ConnectionKey;
    readonly seen: Seen;
    /** The schedule that was seen; undefined: there was none. */
    readonly refreshAt: EpochSeconds | undefined;
    /** When to look at it again if the attempt ends in silence; a schedule that is sooner stays. */
    readonly retryAt: EpochSeconds;
    readonly fence: number;
    readonly lease: Lease;
    readonly now: EpochSeconds;
    readonly clockSkewSeconds: Seconds;
    readonly credentialFence: number;
  }): Promise<'done' | 'lost'>;

  /** Gives the lease back without a call: removes it, and this attempt's own intent, if `fence`. */
  release(key: ConnectionKey, fence: number): Promise<'done' | 'lost'>;

  /**
   * Keeps an answer: condition `fence = F` and not revoked. Removes lease and intent, clears
   * failures, and makes the connection active.
   */
  commit(key: ConnectionKey, fence: number, answer: Committed): Promise<'done' | 'lost'>;

  /**
   * Prepares a `commit` whose answer is not there yet, so that it is written sooner once it is. A store
   * that has nothing to prepare leaves this out.
   */
  prepareCommit?(key: ConnectionKey, fence: number): PreparedCommit;

  /**
   * Keeps an answer whose lease was lost meanwhile: condition `committed_fence < F` and not
   * revoked; leaves the lease of others alone; the credential itself only if `credential_fence < F`.
   * Lifts `needs_reauth` whose reason is `answer_lost`. Idempotent: the second time is `'lost'`.
   *
   * The intent of this attempt or an older one goes where the answer brings a credential, since it
   * speaks of the one before; without one it goes where no later attempt has begun, since that may
   * be in doubt under it.
   */
  commitLate(key: ConnectionKey, fence: number, answer: Committed): Promise<'done' | 'lost'>;

  /** Records a failed attempt: condition `fence = F`. Removes the lease; state becomes `failing`. */
  fail(key: ConnectionKey, fence: number, failure: Failure): Promise<'done' | 'lost'>;

  /** Puts a connection off that no attempt was made for: condition fences as seen. */
  defer(key: ConnectionKey, seen: Seen, refreshAt: EpochSeconds): Promise<'done' | 'lost'>;

  /**
   * Corrects the schedule of the answer that was kept under `fence`: condition both fences are
   * still that one, so that nobody has begun another attempt, and live.
   */
  reschedule(key: ConnectionKey, fence: number, schedule: Schedule): Promise<'done' | 'lost'>;

  /**
   * Notes that the end of its renewal has been told, which the row's own change tells: condition
   * fences and `remindDays` as seen, and live.
   *
   * @param next.refreshAt - when to look at it next; undefined leaves the schedule as it is.
   */
  remind(
    key: ConnectionKey,
    seen: Seen & { readonly remindDays: RemindDays },
    next: { readonly remindDays: RemindDays; readonly refreshAt?: EpochSeconds },
  ): Promise<'done' | 'lost'>;

  /**
   * Marks the connection `needs_reauth`: condition fence, committed and credential fence as given.
   * Removes lease, intent, the sealed credential stays; leaves the due index.
   */
  markDead(
    key: ConnectionKey,
    seen: Seen & { readonly credentialFence: number },
    death: { readonly reason: ReauthorizationReason; readonly since: EpochSeconds },
  ): Promise<'done' | 'lost'>;

  /**
   * Writes a new connection, or a new grant over an existing one. All three fences become
   * `next.fence`; lease, intent and failures go.
   *
   * @param seenFence - the fence of the connection or tombstone that was read; undefined: none.
   */
  connect(next: NewConnection, seenFence: number | undefined): Promise<'done' | 'lost'>;

  /** Leaves a tombstone until `expiresAt`: condition `fence` as seen. */
  remove(
    tombstone: Tombstone,
    seenFence: number,
    expiresAt: EpochSeconds,
  ): Promise<'done' | 'lost'>;

  /**
   * Connections of one shard that are due, oldest first, from an index that may be a little stale.
   *
   * @returns at most `limit`, and where to go on.
   */
  listDue(input: {
    readonly shard: number;
    readonly now: EpochSeconds;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<{ readonly due: readonly DueConnection[]; readonly cursor?: string }>;

  /**
   * Takes a row that does not read back out of the due index, so that it is not met every minute.
   * Changes nothing else of it, and needs none of it to be well formed.
   */
  quarantine(key: ConnectionKey): Promise<'done' | 'lost'>;

  /**
   * Writes down that the renewal credential may have been sent by somebody whose answer we never
   * heard: an intent under a new fence, as an attempt leaves it that ends in silence.
   *
   * Condition: fence and committed fence as seen, no lease or one that ended before `now` less
   * `clockSkewSeconds`, state not revoked and not `needs_reauth`. An undecided older intent stays.
   * So every attempt from here on has seen it, and none that began before can settle it.
   *
   * @param input.intent - its fence becomes the connection's.
   * @param input.refreshAt - when to try next; undefined leaves the schedule as it is.
   */
  markUncertain(input: {
    readonly key: ConnectionKey;
    readonly seen: Seen;
    readonly intent: Intent;
    readonly now: EpochSeconds;
    readonly clockSkewSeconds: Seconds;
    readonly refreshAt?: EpochSeconds;
  }): Promise<'done' | 'lost'>;

  /**
   * Pins another client id and other origins: condition fence as seen, not revoked. Changes nothing
   * else, and no fence: an attempt under way goes on.
   */
  repin(
    key: ConnectionKey,
    seenFence: number,
    pinned: { readonly clientId: string; readonly origins: readonly string[] },
  ): Promise<'done' | 'lost'>;

  /** Connections of one client, in order of their ids. @throws `REQUEST_INVALID` for a bad cursor. */
  listByClient(input: {
    readonly client: ClientName;
    readonly state?: ConnectionState;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<{ readonly connections: readonly Connection[]; readonly cursor?: string }>;

  /** Keeps a grant that awaits its confirmation, under the hash of its completion. */
  holdPending(pending: PendingConnection): Promise<void>;

  /** Reads such a grant, consistently, without exchanging it. Undefined when unknown or expired. */
  readPending(completionHash: string, now: EpochSeconds): Promise<PendingConnection | undefined>;

  /** Takes such a grant: at most one caller gets it, and none after its expiry. */
  takePending(completionHash: string, now: EpochSeconds): Promise<PendingConnection | undefined>;
}

export interface DueConnection extends ConnectionKey {
  readonly refreshAt: EpochSeconds;
}

/** A grant that goes live once the application has confirmed who it is (`confirm`). */
export interface PendingConnection {
  readonly completionHash: string;
  readonly expiresAt: EpochSeconds;
  readonly allowAccountSwitch: boolean;
  /** The `credential_fence` of the grant whose refresh token it keeps; absent: it keeps none. */
  readonly keptFrom?: number;
  readonly connection: NewConnection;
  readonly token: StoredToken;
}

/** Why a token comes with a warning. A fixed list of the interface. */
export type WarningCode =
  | 'refresh_failing'
  | 'client_refused'
  | 'outcome_unknown'
  | 'recently_refreshed'
  | 'renewal_expiring';

export interface Warning {
  readonly code: WarningCode;
  readonly since: EpochSeconds;
}

/** How the provider's API wants the token. */
export interface Presentation {
  readonly in: 'header' | 'query';
  readonly name: string;
  readonly scheme: string;
}

/** How the connection fares, as far as `vend` has to know. */
export interface TokenStatus {
  readonly state: ConnectionState;
  readonly reason?: ReauthorizationReason;
  /** Since when `needs_reauth` or failing. */
  readonly since?: EpochSeconds;
  readonly warning?: Warning;
  /** Before this moment a refresh is of no use: a caller is told to come back then. */
  readonly retryAt?: EpochSeconds;
}

/** A connection's access token, as stored for `vend`. */
export interface StoredToken extends ConnectionKey, TokenStatus {
  /** The fence of the answer that brought it; bound into its seal. */
  readonly fence: number;
  readonly sealed?: string;
  readonly tokenType: string;
  readonly obtainedAt: EpochSeconds;
  readonly expiresAt?: EpochSeconds;
  readonly expirySource: ExpirySource;
  readonly scope?: string;
  readonly present: Presentation;
  readonly apiBaseUrl?: string;
  readonly values: Readonly<Record<string, string>>;
  readonly refreshTokenExpiresAt?: EpochSeconds;
  /** Before this moment the provider does not refresh it. */
  readonly refreshNotBefore?: EpochSeconds;
  /** Until when a caller has claimed to have this token refreshed, and a name of that caller's own. */
  readonly refreshClaimedUntil?: EpochSeconds;
  readonly refreshClaimedBy?: string;
}

/** The access tokens. A lower fence never overwrites a higher one. */
export interface TokenStore {
  /** @param consistent - false may be a moment old, and costs half. */
  read(key: ConnectionKey, consistent: boolean): Promise<StoredToken | Tombstone | undefined>;
  /** Writes the token if there is no row or its fence is lower. Removes the claim. */
  publish(token: StoredToken): Promise<'done' | 'lost'>;
  /** Writes how the connection fares, if the row's fence is at most `fence` and not revoked. */
  note(key: ConnectionKey, fence: number, status: TokenStatus): Promise<'done' | 'lost'>;
  /**
   * Claims the refresh: condition fence as seen, not revoked, no claim of somebody else's that
   * outlasts `now`. Repeated by the same claimer, as when the first answer was lost, it is `'done'`.
   */
  claim(
    key: ConnectionKey,
    fence: number,
    claim: { readonly by: string; readonly until: EpochSeconds; readonly now: EpochSeconds },
  ): Promise<'done' | 'lost'>;
  /** Leaves a tombstone until `expiresAt`, if the row's fence is lower. */
  remove(tombstone: Tombstone, expiresAt: EpochSeconds): Promise<'done' | 'lost'>;
}

/** What both halves of the redirect flow have to remember. Fixed by `connect`, changed by nobody. */
export interface AuthorizationPlan extends ConnectionKey {
  readonly clientId: string;
  readonly origins: readonly string[];
  readonly tokenEndpoint: string;
  readonly issuer?: string;
  readonly redirectUri: string;
  readonly scope?: string;
  readonly params: Readonly<Record<string, string>>;
  readonly returnUrl?: string;
  readonly confirm: boolean;
  readonly allowAccountSwitch: boolean;
  readonly pkce: boolean;
}

/** A connect session: an authenticated caller began it, a browser may follow it until it ends. */
export interface ConnectSession {
  readonly sessionHash: string;
  readonly expiresAt: EpochSeconds;
  readonly authorization: PinnedAuthorization;
  readonly plan: AuthorizationPlan;
}

/** A visit to the authorization endpoint that has not been answered yet (RFC 6749 §4.1.1). */
export interface PendingAuthorization {
  readonly stateHash: string;
  readonly cookieHash: string;
  readonly expiresAt: EpochSeconds;
  readonly plan: AuthorizationPlan;
}

/** Sessions and pending authorizations: minutes of life, expiry in every condition. */
export interface SessionStore {
  putSession(session: ConnectSession): Promise<void>;
  /** Does not consume it. Undefined when unknown or expired at `now`. */
  readSession(sessionHash: string, now: EpochSeconds): Promise<ConnectSession | undefined>;
  putAuthorization(pending: PendingAuthorization): Promise<void>;
  /**
   * Takes a pending authorization by one conditional delete: at most one caller gets it, only with
   * the right cookie, and none after its expiry. A wrong cookie consumes nothing.
   */
  takeAuthorization(
    stateHash: string,
    cookieHash: string,
    now: EpochSeconds,
  ): Promise<PendingAuthorization | undefined>;
}

/** The registrations. */
export interface ClientRegistry {
  /**
   * The client as registered now; may be as old as five minutes unless `fresh`.
   *
   * @throws {Fault} `UNKNOWN_CLIENT`, or `REGISTRATION_INVALID` naming each faulty member.
   */
  read(client: ClientName, options?: { readonly fresh?: boolean }): Promise<Client>;
}

/** What a sealed value is bound to; it opens nowhere else. */
export interface SealBinding extends ConnectionKey {
  readonly fence: number;
  /** SHA-256, base64url, of what stands in clear beside the value and may not be altered. */
  readonly besideSha256?: string;
}

export type SealPurpose = 'access_token' | 'renewal' | 'revocation';

/**
 * Seals credentials as compact JWE (RFC 7516), one key ring per purpose.
 */
export interface Sealer {
  /** @throws `KEY_RING_INVALID` */
  seal(purpose: SealPurpose, binding: SealBinding, plaintext: string): Promise<string>;
  /** @throws `SEALED_VALUE_INVALID` when altered, moved, or its key is gone. */
  open(purpose: SealPurpose, binding: SealBinding, sealed: string): Promise<string>;
  /** Has the current key in memory, so that a later `seal` cannot fail. */
  ready(purpose: SealPurpose): Promise<void>;
  /**
   * Prepares a seal whose text is not there yet.
   *
   * @returns what seals one text, at once.
   * @throws `SEALED_VALUE_INVALID` when this purpose was never `ready`.
   */
  prepareSeal(purpose: SealPurpose, binding: SealBinding): (plaintext: string) => string;
}

/** What `vend` asks of `refresh`. */
export interface RefreshRequest extends ConnectionKey {
  /** The fence of the token the caller holds; undefined when it found none. */
  readonly seenFence?: number;
}

/** How a refresh ended. Every member is ordinary. Holds the token sealed, never open. */
export interface RefreshReply extends TokenStatus {
  readonly outcome:
    | 'refreshed'
    | 'fresh'
    | 'in_progress'
    | 'failing'
    | 'needs_reauth'
    | 'unknown_client'
    | 'unknown_connection';
  readonly token?: StoredToken;
}

/** Calls the `refresh` function, from `vend`. */
export interface RefreshInvoker {
  /** `'busy'` when Lambda would not start it; undefined when no answer came within `timeoutMs`. */
  invoke(request: RefreshRequest, timeoutMs: number): Promise<RefreshReply | 'busy' | undefined>;
}

/** Random values of 256 bits, base64url. */
export type RandomToken = () => string;

/** Writes one line; members are ids, codes and numbers, never a credential. */
export interface Log {
  info(event: string, details?: object): void;
  warn(event: string, details?: object): void;
  error(event: string, details?: object): void;
}

/** Counts one thing that happened. */
export type CountMetric = <Name extends CountedMetric>(
  name: Name,
  dimensions: Dimensions<Name>,
) => void;

export type { ClientName, ConnectionId, ConnectionKey };
