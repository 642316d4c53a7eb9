/**
 * What callers send, from untrusted JSON to the words of the use cases. One function per message.
 *
 * @module
 */
import * as v from 'valibot';
import type { ConnectSessionRequest } from '../broker/begin-connection.ts';
import type { DirectGrant } from '../broker/connect-directly.ts';
import type { ListRequest } from '../broker/show-connections.ts';
import type { VendRequest } from '../broker/vended-token.ts';
import { Fault } from '../fault.ts';
import { jsonObject } from '../json-object.ts';
import { type ConnectionKey, parseClientName, parseConnectionKey } from '../names.ts';
import { readStrictly } from '../read-strictly.ts';
import { Secret } from '../secret.ts';
import { epochSeconds, seconds } from '../time.ts';

const object = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  jsonObject(v.strictObject(entries));

/** RFC 6749 §3.3. */
const scope = v.pipe(
  v.string(),
  v.regex(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'must be a scope'),
  v.maxLength(4096, 'must be at most 4096 characters'),
);
const token = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e]{1,16384}$/, 'must be 1 to 16384 visible ASCII characters'),
);
const credential = v.pipe(
  v.string(),
  v.nonEmpty('must not be empty'),
  v.regex(/^.{0,1024}$/su, 'must be at most 1024 characters'),
);
const wholeSeconds = (most: number) =>
  v.pipe(
    v.number(),
    v.integer('must be a whole number'),
    v.minValue(0, 'must not be negative'),
    v.maxValue(most, `must be at most ${most}`),
  );
const params = v.optional(jsonObject(v.record(v.string(), v.string())));

const connectSession = object({
  client: v.string(),
  connection: v.string(),
  scope: v.optional(scope),
  return_url: v.optional(v.pipe(v.string(), v.maxLength(2048, 'must be at most 2048 characters'))),
  params,
  confirm: v.optional(v.boolean(), false),
  allow_account_switch: v.optional(v.boolean(), false),
});

/** The body of `POST /connect-sessions`. @throws {Fault} `REQUEST_INVALID` */
export function parseConnectSession(body: unknown): ConnectSessionRequest {
  const message = read(connectSession, body);
  return {
    ...parseConnectionKey(message),
    confirm: message.confirm,
    allowAccountSwitch: message.allow_account_switch,
    ...(message.scope !== undefined && { scope: message.scope }),
    ...(message.return_url !== undefined && { returnUrl: message.return_url }),
    ...(message.params !== undefined && { params: message.params }),
  };
}

const passwordGrant = object({
  grant_type: v.literal('password'),
  username: credential,
  password: credential,
  retain_credentials: v.optional(v.boolean(), false),
  params,
});
const clientCredentialsGrant = object({
  grant_type: v.literal('client_credentials'),
  params,
});
const importedTokens = object({
  import: v.pipe(
    object({
      access_token: v.optional(token),
      refresh_token: v.optional(token),
      expires_at: v.optional(wholeSeconds(253_402_300_799)),
      scope: v.optional(scope),
    }),
    v.check(
      ({ access_token, refresh_token }) => Boolean(access_token ?? refresh_token),
      'must have an access_token or a refresh_token',
    ),
  ),
  params,
});

/** The body of `PUT /connections/{client}/{connection}`. @throws {Fault} `REQUEST_INVALID` */
export function parseDirectGrant(key: ConnectionKey, body: unknown): DirectGrant {
  const member = (name: string) =>
    typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  if (member('import') !== undefined) return parseImport(key, body);
  switch (member('grant_type')) {
    case 'password': {
      const { username, password, ...message } = read(passwordGrant, body);
      return {
        ...common(key, message),
        by: 'password',
        username,
        password: new Secret('password', password),
        retainCredentials: message.retain_credentials,
      };
    }
    case 'client_credentials':
      return { ...common(key, read(clientCredentialsGrant, body)), by: 'client_credentials' };
    default:
      throw refusal(['the body must have grant_type password or client_credentials, or import']);
  }
}

function parseImport(key: ConnectionKey, body: unknown): DirectGrant {
  const { import: imported, params: given } = read(importedTokens, body);
  const { access_token, refresh_token, expires_at } = imported;
  return {
    ...common(key, { params: given, scope: imported.scope }),
    by: 'import',
    ...(access_token !== undefined && { accessToken: new Secret('access_token', access_token) }),
    ...(refresh_token !== undefined && {
      refreshToken: new Secret('refresh_token', refresh_token),
    }),
    ...(expires_at !== undefined && { expiresAt: epochSeconds(expires_at) }),
  };
}

function common(
  { client, connection }: ConnectionKey,
  message: { params?: Record<string, string> | undefined; scope?: string | undefined },
) {
  return {
    client,
    connection,
    ...(message.params !== undefined && { params: message.params }),
    ...(message.scope !== undefined && { scope: message.scope }),
  };
}

/** Lower-case hex of a SHA-256. */
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits'));
/** API Gateway gives an integration 30 s; what is over belongs to the answer's way back. */
const mostWaitSeconds = 25;
const vend = object({
  client: v.optional(v.string()),
  connection: v.optional(v.string()),
  min_ttl_seconds: v.optional(wholeSeconds(86_400), 60),
  max_wait_seconds: v.optional(wholeSeconds(mostWaitSeconds), 10),
  rejected_token_sha256: v.optional(sha256),
});

/**
 * A vend request: a direct event, or a body whose connection is in the path.
 *
 * @param key - from the path; a body that names another one is refused.
 * @throws {Fault} `REQUEST_INVALID`
 */
export function parseVendRequest(message: unknown, key?: ConnectionKey): VendRequest {
  const { client, connection, ...rest } = read(vend, message);
  const named = key ?? parseConnectionKey({ client, connection });
  if ((client ?? named.client) !== named.client)
    throw refusal(['client is not the one in the path']);
  if ((connection ?? named.connection) !== named.connection) {
    throw refusal(['connection is not the one in the path']);
  }
  return {
    ...named,
    minTtlSeconds: seconds(rest.min_ttl_seconds),
    maxWaitSeconds: seconds(rest.max_wait_seconds),
    ...(rest.rejected_token_sha256 !== undefined && {
      rejectedTokenSha256: rest.rejected_token_sha256,
    }),
  };
}

const completion = object({ completion: v.string() });

/** The body of `POST /connect-sessions/complete`. @throws {Fault} `REQUEST_INVALID` */
export function parseCompletion(body: unknown): string {
  return read(completion, body).completion;
}

function read<Schema extends v.GenericSchema>(
  schema: Schema,
  message: unknown,
): v.InferOutput<Schema> {
  const reading = readStrictly(schema, message);
  if (reading.outcome === 'read') return reading.value;
  throw refusal(reading.problems);
}

function refusal(problems: readonly string[]): Fault<'REQUEST_INVALID'> {
  return new Fault('REQUEST_INVALID', { problems });
}

const listing = object({
  client: v.optional(v.string()),
  state: v.optional(
    v.picklist(
      ['active', 'failing', 'needs_reauth', 'revoked'],
      'must be active, failing, needs_reauth or revoked',
    ),
  ),
  cursor: v.optional(v.pipe(v.string(), v.maxLength(1024, 'must be at most 1024 characters'))),
});

/** The query of `GET /connections`. @throws {Fault} `REQUEST_INVALID` */
export function parseListRequest(query: unknown): ListRequest {
  const { client, state, cursor } = read(listing, query);
  return {
    client: parseClientName(client),
    ...(state !== undefined && { state }),
    ...(cursor !== undefined && { cursor }),
  };
}
