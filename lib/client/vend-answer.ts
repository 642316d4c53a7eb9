/**
 * The broker's answer, from untrusted JSON to a token or to the failure that it tells of.
 *
 * @module
 */
import { AccessToken, type Presentation, type TokenFacts } from './access-token.ts';
import {
  AccessDenied,
  BrokerUnreachable,
  InvalidRequest,
  ReauthorizationRequired,
  TemporarilyUnavailable,
  UnknownConnection,
} from './evergrant-error.ts';
import { memberOf } from './transport.ts';

/** A token as it was answered. */
export interface VendedToken {
  readonly token: AccessToken;
  /** How long it lived when it was answered; undefined where nobody knows. */
  readonly expiresInSeconds: number | undefined;
}

/** Where a failure says nothing of when to come back. */
const retryAfterSeconds = 30;

/** What may stand in a header (RFC 9110 §5.5), and is no line of its own. */
const visible = /^[\x20-\x7e]+$/;

/**
 * Reads an answer.
 *
 * @param message - untrusted.
 * @param asked - the connection that was asked for; an answer of another is none.
 * @throws {EvergrantError} as the answer tells, or `BrokerUnreachable` where it is not the broker's.
 */
export function readVendAnswer(
  message: unknown,
  asked: { readonly client: string; readonly connection: string },
): VendedToken {
  const connection = `${asked.client}/${asked.connection}`;
  const error = memberOf(message, 'error');
  if (typeof error === 'string') throw readFailure(message, { connection, code: error });
  const text = (name: string) => textIn(message, name);
  const value = text('access_token');
  const presentation = readPresentation(memberOf(message, 'present'));
  const state = text('state');
  if (
    !value ||
    !visible.test(value) ||
    !presentation?.value.includes(value) ||
    text('client') !== asked.client ||
    text('connection') !== asked.connection ||
    (state !== 'active' && state !== 'failing' && state !== 'needs_reauth')
  ) {
    throw new BrokerUnreachable(connection, 'unusable_answer');
  }
  const facts: TokenFacts = {
    client: asked.client,
    connection: asked.connection,
    state,
    tokenType: text('token_type') ?? 'Bearer',
    expiresAt: numberIn(message, 'expires_at'),
    expirySource: text('expiry_source') ?? 'unknown',
    obtainedAt: numberIn(message, 'obtained_at') ?? 0,
    scope: text('scope') ?? '',
    apiBaseUrl: text('api_base_url'),
    values: readValues(memberOf(message, 'values')),
    refreshTokenExpiresAt: numberIn(message, 'refresh_token_expires_at'),
    warning: readWarning(memberOf(message, 'warning')),
  };
  const expiresInSeconds = numberIn(message, 'expires_in');
  return { token: new AccessToken(facts, { value, presentation }), expiresInSeconds };
}

function readFailure(
  message: unknown,
  { connection, code }: { readonly connection: string; readonly code: string },
) {
  const description = textIn(message, 'error_description') ?? code;
  const told = { connection, message: description, code };
  switch (code) {
    case 'invalid_request':
      return new InvalidRequest(connection, description);
    case 'access_denied':
      return new AccessDenied(told);
    case 'unknown_client':
    case 'unknown_connection':
      return new UnknownConnection(told);
    case 'reauthorization_required': {
      const reason = textIn(message, 'reason') ?? 'grant_dead';
      return new ReauthorizationRequired(told, { reason, since: numberIn(message, 'since') ?? 0 });
    }
    default:
      return new TemporarilyUnavailable(
        told,
        numberIn(message, 'retry_after') ?? retryAfterSeconds,
      );
  }
}

function readPresentation(value: unknown): Presentation | undefined {
  const place = memberOf(value, 'in');
  const name = textIn(value, 'name');
  const presented = textIn(value, 'value');
  const isKnown = place === 'header' || place === 'query';
  if (!isKnown || !name || !presented || !visible.test(presented)) return undefined;
  return { in: place, name, value: presented };
}

function readValues(value: unknown): Readonly<Record<string, string>> {
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(
    members.filter((member): member is [string, string] => typeof member[1] === 'string'),
  );
}

function readWarning(value: unknown): TokenFacts['warning'] {
  const code = textIn(value, 'code');
  return code === undefined ? undefined : { code, since: numberIn(value, 'since') ?? 0 };
}

function textIn(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === 'string' ? member : undefined;
}

function numberIn(value: unknown, name: string): number | undefined {
  const member = memberOf(value, name);
  return typeof member === 'number' && Number.isFinite(member) ? member : undefined;
}
