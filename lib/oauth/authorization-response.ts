/**
 * The authorization response (RFC 6749 §4.1.2): what a browser brings to the callback.
 *
 * The order of trust is the caller's to keep, and the types help: the shape is read here, the state
 * is then taken from the store, client and issuer are compared, and only then is `answer` believed.
 *
 * @module
 */
import { Fault } from '../fault.ts';
import type { Definition } from '../providers/definition.ts';
import { Secret } from '../secret.ts';

/** Why a flow ended without a code, in our own words. A part of the fixed list of return errors. */
export type AuthorizationError =
  | 'access_denied'
  | 'client_refused'
  | 'provider_unavailable'
  | 'invalid_response';

/** What a response says. Not to be believed before its state has been taken. */
export type AuthorizationAnswer =
  | {
      readonly outcome: 'granted';
      readonly code: Secret<'authorization_code'>;
      /** What the definition keeps of the query, by our name for each. */
      readonly values: Readonly<Record<string, string>>;
    }
  | {
      readonly outcome: 'refused';
      readonly error: AuthorizationError;
      /** For the log: the code of RFC 6749 §4.1.2.1 or OpenID Connect, `other`, or `nothing`. */
      readonly stated: string;
    };

/** A well-formed response, to some request or other. */
export interface AuthorizationResponse {
  /** Names the transaction and is good for one take of it. */
  readonly state: Secret<'state'>;
  /** The issuer that claims to answer (RFC 9207 §2); to be judged by `judgeIssuer`. */
  readonly issuer?: string;
  readonly answer: AuthorizationAnswer;
}

/** The provider's names for its response, and what to keep of it: `authorize.callback`. */
export type CallbackDefinition = NonNullable<Definition['authorize']>['callback'];

const maxQueryBytes = 8 * 1024;
const maxCodeBytes = 4 * 1024;
const maxValueBytes = 1024;

/** 256 bits, base64url: the only kind of state that we send. */
const statePattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * Reads the shape of an authorization response. Nothing in it is believed yet.
 *
 * @param rawQueryString - as the browser sent it, untrusted; API Gateway's parsed parameters would
 *   join repeated ones.
 * @param callback - of the client whose redirect URI was called.
 * @returns a code or a refusal, under the state it claims to answer. A response without code and
 *   error is a refusal too. An `error` is mapped to our own words and never echoed.
 * @throws {Fault} `REQUEST_INVALID` when it is too long, repeats a parameter, or its state, code or
 *   a kept value is malformed. No transaction is touched; show a plain page.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2 | RFC 6749 §4.1.2}
 */
export function readCallback(
  rawQueryString: string,
  callback: CallbackDefinition,
): AuthorizationResponse {
  const parameters = readParameters(rawQueryString);
  const state = parameters.get(callback.names.state ?? 'state');
  if (state === undefined || !statePattern.test(state)) {
    refuse('state is missing or malformed');
  }
  const issuer = parameters.get('iss');
  return {
    state: new Secret('state', state),
    ...(issuer !== undefined && { issuer }),
    answer: readAnswer(parameters, callback),
  };
}

/**
 * Judges whether the issuer that answered is the one that was asked, by exact comparison.
 *
 * @param expected - the issuer that the definition declares; undefined where it declares none. Then
 *   an `iss` has nothing to be compared with and is passed over: the redirect URI of its own that
 *   each client has tells the answers apart (RFC 9700 §4.4).
 * @param received - untrusted.
 * @returns `mismatch` also when a declared issuer sent none. Then no code may be exchanged.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9207#section-2.4 | RFC 9207 §2.4}
 */
export function judgeIssuer(
  expected: string | undefined,
  received: string | undefined,
): 'match' | 'mismatch' {
  return expected === undefined || received === expected ? 'match' : 'mismatch';
}

/** The query's parameters, each of them there once (RFC 6749 §3.1). */
function readParameters(rawQueryString: string): ReadonlyMap<string, string> {
  if (Buffer.byteLength(rawQueryString) > maxQueryBytes) refuse('the query is too long');
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    if (parameters.has(name)) refuse('a parameter is there twice');
    parameters.set(name, value);
  }
  return parameters;
}

function readAnswer(
  parameters: ReadonlyMap<string, string>,
  callback: CallbackDefinition,
): AuthorizationAnswer {
  const error = parameters.get(callback.names.error ?? 'error');
  if (error !== undefined) {
    const stated = knownErrors.includes(error) ? error : 'other';
    return { outcome: 'refused', error: ourWordFor(error), stated };
  }
  const code = parameters.get(callback.names.code ?? 'code');
  if (code === undefined || code === '') {
    return { outcome: 'refused', error: 'invalid_response', stated: 'nothing' };
  }
  // RFC 6749 Appendix A.11: visible characters and spaces.
  if (Buffer.byteLength(code) > maxCodeBytes || !/^[ -~]+$/.test(code)) refuse('code is malformed');
  return {
    outcome: 'granted',
    code: new Secret('authorization_code', code),
    values: readValues(parameters, callback.values),
  };
}

function readValues(
  parameters: ReadonlyMap<string, string>,
  wanted: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const kept = Object.entries(wanted).flatMap(([ourName, name]) => {
    const value = parameters.get(name);
    if (value === undefined || value === '') return [];
    if (Buffer.byteLength(value) > maxValueBytes || /\p{Cc}/u.test(value)) {
      refuse('a value to keep is malformed');
    }
    return [[ourName, value] as const];
  });
  return Object.fromEntries(kept);
}

/** RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6. */
const knownErrors: readonly string[] = [
  'access_denied',
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'invalid_client',
  'invalid_request',
  'invalid_scope',
  'login_required',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_response_type',
];

/** RFC 6749 §4.1.2.1, in the words that our return URLs know. */
function ourWordFor(error: string): AuthorizationError {
  switch (error) {
    case 'access_denied':
      return 'access_denied';
    case 'server_error':
    case 'temporarily_unavailable':
      return 'provider_unavailable';
    case 'unauthorized_client':
    case 'invalid_client':
      return 'client_refused';
    default:
      return 'invalid_response';
  }
}

function refuse(problem: string): never {
  throw new Fault('REQUEST_INVALID', { problems: [problem] });
}
