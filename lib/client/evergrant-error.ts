/**
 * Every way a caller can be left without a token, as classes that it can tell apart. None has room
 * for a token: messages are ours, or the broker's description, which by contract holds no secret.
 *
 * @module
 */

/** What every failure says. */
interface Told {
  /** `client/connection`. */
  readonly connection: string;
  readonly message: string;
  /** The interface's word for it, such as `access_denied`. */
  readonly code: string;
}

/**
 * The base of all that this client throws.
 *
 * Two copies of the client may be loaded, as an ES module and as CommonJS, and `instanceof` holds
 * within one copy; `name` and `code` hold in both.
 */
export abstract class EvergrantError extends Error {
  /** `client/connection`. */
  readonly connection: string;
  /** The interface's word for it, such as `access_denied`; `unreachable` where there was no answer. */
  readonly code: string;

  constructor({ connection, message, code }: Told) {
    super(`${connection}: ${message}`);
    this.connection = connection;
    this.code = code;
  }

  /** What a log shows of it. */
  toJSON(): object {
    return { ...this, message: this.message };
  }
}

/** What stood between the caller and the broker. */
export type UnreachableReason =
  /** The connection failed. */
  | 'network'
  | 'timeout'
  /** Lambda or API Gateway turned the request away: concurrency or rate. */
  | 'throttled'
  /** Lambda or API Gateway failed. */
  | 'service_error'
  /** The function ended without an answer: it crashed, or ran out of time or memory. */
  | 'function_failed'
  /** There is no function of that name, or no such route at that address. */
  | 'not_found'
  /** The caller has no AWS credentials, or AWS does not know them. */
  | 'credentials'
  /** The caller's AWS settings do not do: no Region, or a request that AWS finds malformed. */
  | 'configuration'
  /** Something else answered than the broker. */
  | 'unusable_answer';

const unreachable: Readonly<Record<UnreachableReason, string>> = {
  network: 'the network does not lead to the broker',
  timeout: 'the broker did not answer in time',
  throttled: 'AWS turns requests away; raise the concurrency or rate',
  service_error: 'AWS could not pass the request on',
  function_failed: 'the function ended without an answer; its log tells why',
  not_found: 'no broker is at that name, Region or address',
  credentials: 'AWS does not know the credentials, or there are none',
  configuration: 'AWS cannot be asked like that; is the Region set?',
  unusable_answer: 'something else answered; is the name or address right?',
};

/** The broker gave no answer, so that nothing is known of the connection. */
export class BrokerUnreachable extends EvergrantError {
  override readonly name = 'BrokerUnreachable';
  readonly reason: UnreachableReason;

  constructor(connection: string, reason: UnreachableReason) {
    super({ connection, message: unreachable[reason], code: 'unreachable' });
    this.reason = reason;
  }
}

/** The broker has no token now and may have one later: the provider or a store of ours is down. */
export class TemporarilyUnavailable extends EvergrantError {
  override readonly name = 'TemporarilyUnavailable';
  /** When it makes sense to ask again. */
  readonly retryAfterSeconds: number;

  constructor(told: Told, retryAfterSeconds: number) {
    super(told);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Nothing opens the account any more: its owner has to connect again. */
export class ReauthorizationRequired extends EvergrantError {
  override readonly name = 'ReauthorizationRequired';
  /** `grant_dead`, `answer_lost`, `no_renewal_credential` or `renewal_credential_expired`. */
  readonly reason: string;
  /** Epoch seconds. */
  readonly since: number;

  constructor(told: Told, { reason, since }: { readonly reason: string; readonly since: number }) {
    super(told);
    this.reason = reason;
    this.since = since;
  }
}

/** AWS, the access policy or `VEND_ALLOW` does not let this caller have this token. */
export class AccessDenied extends EvergrantError {
  override readonly name = 'AccessDenied';
}

/** There is no such registration (`unknown_client`), or connection (`unknown_connection`). */
export class UnknownConnection extends EvergrantError {
  override readonly name = 'UnknownConnection';
}

/** What was asked for cannot be: a malformed name, an address that is not the API's. A mistake in the caller's code. */
export class InvalidRequest extends EvergrantError {
  override readonly name = 'InvalidRequest';

  constructor(connection: string, message: string) {
    super({ connection, message, code: 'invalid_request' });
  }
}
