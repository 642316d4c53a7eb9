/**
 * Every way this software can fail, in one closed table.
 *
 * A code is stable: logs, alarms and the runbook match on it. Its context is all that a fault may
 * carry, and no entry has room for a token, a body, a URL with a query or a provider's own words.
 *
 * @module
 */

/** Why a connection needs its resource owner's consent again. A fixed list of the interface. */
export type ReauthorizationReason =
  | 'grant_dead'
  | 'answer_lost'
  | 'no_renewal_credential'
  | 'renewal_credential_expired';

/** What about a provider's behaviour stood between us and an answer. */
export type ProviderTrouble =
  | 'timeout'
  | 'network'
  | 'http_status'
  | 'rate_limited'
  | 'redirect'
  | 'media_type'
  | 'too_large'
  | 'malformed'
  | 'no_access_token'
  | 'token_type'
  | 'address_refused';

export interface FaultContexts {
  /** A setting is missing or malformed. Thrown at cold start, before any request. */
  CONFIGURATION_INVALID: { readonly problems: readonly string[] };
  /** The caller's input is malformed or cannot be served as the client is set up. */
  REQUEST_INVALID: { readonly problems: readonly string[] };
  /** The access policy does not let this caller do this. */
  ACCESS_DENIED: { readonly action: string; readonly connection?: string };
  UNKNOWN_CLIENT: { readonly client: string };
  UNKNOWN_CONNECTION: { readonly client: string; readonly connection: string };
  /** No secret of ours opens the account any more; its owner has to connect again. */
  REAUTHORIZATION_REQUIRED: {
    readonly client: string;
    readonly connection: string;
    readonly reason: ReauthorizationReason;
    readonly since: number;
  };
  /** The provider refused the resource owner's user name and password, or the imported token. */
  CREDENTIALS_REFUSED: { readonly client: string; readonly connection: string };
  /** The provider says this is another account than the one connected before. */
  ACCOUNT_MISMATCH: { readonly client: string; readonly connection: string };
  /** Someone else changed this connection between our read and our write. */
  CONNECTION_CHANGED: { readonly client: string; readonly connection: string };
  /** The secret of a client does not fit the schema of registrations or of its provider. */
  REGISTRATION_INVALID: { readonly client: string; readonly problems: readonly string[] };
  /** The registration no longer matches the client id or the origins pinned by the connection. */
  CLIENT_CHANGED: { readonly client: string; readonly problems: readonly string[] };
  /** The provider refuses our client id or secret. Stops the client, not its connections. */
  CLIENT_REFUSED: { readonly client: string };
  /** The provider gave no usable answer. Transient. */
  PROVIDER_UNAVAILABLE: {
    readonly client: string;
    readonly trouble: ProviderTrouble;
    readonly httpStatus?: number;
    readonly retryAfterSeconds?: number;
  };
  /** The provider answered, and its answer is no token answer. */
  PROVIDER_ANSWER_INVALID: {
    readonly client: string;
    readonly trouble: ProviderTrouble;
    readonly httpStatus?: number;
  };
  /** The provider refused our request for another reason than the grant or the client. */
  PROVIDER_REFUSED_REQUEST: { readonly client: string; readonly error: string };
  /** A token cannot be had now, and may be had later. */
  TEMPORARILY_UNAVAILABLE: {
    readonly client: string;
    readonly connection: string;
    readonly retryAfterSeconds: number;
  };
  /** DynamoDB, Secrets Manager, SQS or Lambda did not answer, or refused us. */
  STORE_UNAVAILABLE: {
    readonly store: string;
    readonly operation: string;
    readonly reason?: string;
  };
  /** A sealed value does not open: another row's, altered, or its key is gone. */
  SEALED_VALUE_INVALID: { readonly purpose: string; readonly reason: string };
  /** A key ring's secret is missing or malformed. */
  KEY_RING_INVALID: { readonly purpose: string; readonly problems: readonly string[] };
  /** A row of ours does not read back as written. */
  ROW_INVALID: {
    readonly table: string;
    readonly key: string;
    readonly problems: readonly string[];
  };
  /** The invocation ended before there was an answer. What it had begun may have been done. */
  OUT_OF_TIME: Readonly<Record<string, never>>;
  /** The caller asks more often than it may. */
  SLOW_DOWN: { readonly retryAfterSeconds: number };
}

export type FaultCode = keyof FaultContexts;

/** What happened, and what to do, in words for the log. */
const advice: Readonly<Record<FaultCode, string>> = {
  CONFIGURATION_INVALID: 'settings are missing or malformed; correct each one named and deploy',
  REQUEST_INVALID: 'the request is not valid; correct what is named and send it again',
  ACCESS_DENIED: 'the access policy does not allow this; extend it if the caller is meant to',
  UNKNOWN_CLIENT: 'there is no registration of this name; put one into Secrets Manager',
  UNKNOWN_CONNECTION: 'there is no such connection; connect it first',
  REAUTHORIZATION_REQUIRED: 'the resource owner has to connect again; start a connect session',
  CREDENTIALS_REFUSED: 'the provider refused the credentials; ask the resource owner for new ones',
  ACCOUNT_MISMATCH: 'another account answered; start with allow_account_switch if that is meant',
  CONNECTION_CHANGED: 'the connection changed meanwhile; read it again and repeat the request',
  REGISTRATION_INVALID: 'the registration is not valid; correct each member named in its secret',
  CLIENT_CHANGED: 'the registration changed under its connections; undo it, or confirm the change',
  CLIENT_REFUSED: 'the provider refuses our client; put the right client_secret into its secret',
  PROVIDER_UNAVAILABLE:
    'the provider gave no usable answer; if that goes on, compare its URLs with the definition',
  PROVIDER_ANSWER_INVALID: 'the answer is no token answer; compare it with the definition',
  PROVIDER_REFUSED_REQUEST: 'the provider refused the request; compare it with the definition',
  TEMPORARILY_UNAVAILABLE: 'no token can be had now; ask again after the time given',
  STORE_UNAVAILABLE: 'an AWS service did not answer or refused us; look at its health and our role',
  SEALED_VALUE_INVALID: 'a sealed value does not open; restore the key ring, or connect again',
  KEY_RING_INVALID: 'a key ring is missing or malformed; restore its secret',
  ROW_INVALID: 'a row is malformed; repair or delete it',
  OUT_OF_TIME:
    'the invocation took too long; ask again, and look at what held it up if that goes on',
  SLOW_DOWN: 'too many requests; ask again after the time given',
};

export class Fault<Code extends FaultCode = FaultCode> extends Error {
  override readonly name = 'Fault';
  readonly code: Code;
  readonly context: FaultContexts[Code];

  constructor(code: Code, context: FaultContexts[Code]) {
    super(advice[code]);
    this.code = code;
    this.context = context;
  }
}

/** A fault whose `code` tells the type of its `context`, for use in a `switch`. */
export type AnyFault = { [Code in FaultCode]: Fault<Code> }[FaultCode];

export function isFault(error: unknown): error is AnyFault {
  return error instanceof Fault;
}

/** Whether a word is a code of a fault, or stands for what is none: `UNEXPECTED`. */
export function isFaultCode(word: unknown): word is FaultCode | 'UNEXPECTED' {
  return typeof word === 'string' && (word === 'UNEXPECTED' || Object.hasOwn(advice, word));
}
