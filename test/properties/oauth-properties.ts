/**
 * What providers, and browsers in their name, bring: callback queries, token answers, bodies.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readCallback } from '../../lib/oauth/authorization-response.ts';
import { maxBodyBytes, readBoundedBody } from '../../lib/oauth/bounded-body.ts';
import { listRepeatedMembers } from '../../lib/oauth/json-repeats.ts';
import { tokenRequester } from '../../lib/oauth/request-token.ts';
import { readRetryAfterSeconds } from '../../lib/oauth/retry-after.ts';
import { tokenRevoker } from '../../lib/oauth/revoke-token.ts';
import { type ProviderResponse, TransportError } from '../../lib/oauth/transport.ts';
import { Secret } from '../../lib/secret.ts';
import { aClient, aDefinition } from '../support/clients.ts';
import { movingClock } from '../support/moving-clock.ts';
import { assertPrototypesUntouched, readOrRefused } from './holding.ts';
import { hostileJson, hostileText, tampered } from './hostile-inputs.ts';
import { type ParserProperty, parserProperty } from './parser-property.ts';

const state = 's'.repeat(43);
const callbackName = fc.oneof(
  fc.constantFrom('code', 'state', 'ctx', 'error', 'error_description', 'iss', 'realmId'),
  hostileText,
);
const callbackValue = fc.oneof(
  fc.constantFrom(state, 'the-code', 'access_denied', 'c'.repeat(4096)),
  hostileText,
);
/** Callback queries: built of parameters, tampered with, or no queries at all. */
export const callbackQuery: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(fc.tuple(callbackName, callbackValue), { maxLength: 6 })
    .map((pairs) => new URLSearchParams(pairs).toString()),
  tampered(fc.constant(`code=the-code&state=${state}&iss=https%3A%2F%2Fas.example.com&realmId=7`)),
  hostileText,
);

const callbackDialects = [
  { names: {}, values: {} },
  { names: { state: 'ctx', code: 'the_code' }, values: { realm: 'realmId' } },
] as const;

const callbackProperty = parserProperty(
  'callback query',
  fc.tuple(callbackQuery, fc.constantFrom(...callbackDialects)),
  ([query, callback]) => {
    const response = readOrRefused('REQUEST_INVALID', () => readCallback(query, callback));
    if (!response) return false;
    const names = [...new URLSearchParams(query).keys()];
    assert.equal(new Set(names).size, names.length, 'a repeated parameter was read');
    assert.ok(Buffer.byteLength(query) <= 8192);
    assert.match(response.state.reveal(), /^[A-Za-z0-9_-]{43}$/);
    const { answer } = response;
    if (answer.outcome === 'refused') {
      assert.match(answer.stated, /^[a-z_]+$/);
      return true;
    }
    assert.match(answer.code.reveal(), /^[ -~]{1,4096}$/);
    for (const value of Object.values(answer.values)) assert.doesNotMatch(value, /\p{Cc}/u);
    return true;
  },
);

const provider = aClient({
  definition: aDefinition({
    revoke: { url: 'https://as.example.com/revoke' },
    answer: {
      access_token: ['access_token', 'data.token', '__proto__.token'],
      expires_at: ['expires_at'],
      created_at: ['created_at'],
      account_id: ['id', 'constructor.name'],
      values: { constructor: ['constructor'], note: ['data.note'] },
    },
    failures: [
      {
        http_status: [401],
        where: { path: 'data.reason', in: [7, 'dead'] },
        means: 'invalid_grant',
      },
    ],
  }),
});

const answerName = fc.constantFrom(
  ...['access_token', 'refresh_token', 'token_type', 'scope', 'expires_in', 'expires_at', 'id'],
  ...['created_at', 'refresh_token_expires_in', 'data', 'token', 'note', 'reason', 'error'],
  ...['__proto__', 'constructor', 'prototype'],
);
const answerValue = fc.oneof(
  hostileJson,
  fc.constantFrom('bearer', 'a\r\nb', 'a'.repeat(17_000), '3600', '3600\n', 3600, 'invalid_grant'),
  fc.record({ token: fc.constantFrom('a-2', 'a\n', 7), note: hostileText, reason: fc.nat(8) }),
);
const answerMember = fc.tuple(answerName, answerValue);
const asObject = (members: readonly (readonly [string, unknown])[]) =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`;
/** Answers with a token and odd company, no name twice: most of them are grants. */
const oddGrant = fc
  .uniqueArray(answerMember, { maxLength: 5, selector: ([name]) => name })
  .map((members) => members.filter(([name]) => name !== 'access_token' && name !== 'error'))
  .map((members) => asObject([['access_token', 'a-1'], ...members]));
/** Whatever can be written, names repeated and all. */
const anyBody = fc.oneof(
  fc.array(answerMember, { maxLength: 6 }).map(asObject),
  tampered(oddGrant),
  fc.webQueryParameters(),
  hostileText,
);

const mediaType = fc.constantFrom(
  ...['application/json', 'application/json; charset=utf-8', 'application/x+json', 'text/html'],
  ...['text/plain', 'application/x-www-form-urlencoded', ''],
);
/** Answers of a token endpoint. */
export const providerResponse: fc.Arbitrary<ProviderResponse> = fc.oneof(
  fc.record({
    status: fc.constantFrom(200, 201),
    headers: fc.constant({ 'content-type': 'application/json' }),
    body: oddGrant,
  }),
  fc.record({
    status: fc.oneof(
      fc.constantFrom(200, 302, 400, 401, 429, 503),
      fc.integer({ min: 0, max: 999 }),
    ),
    headers: fc.record({
      'content-type': fc.oneof(mediaType, hostileText),
      'retry-after': fc.oneof(hostileText, fc.nat().map(String)),
      'www-authenticate': hostileText,
    }),
    body: anyBody,
  }),
);

const token = /^[\x21-\x7e]{1,16384}$/;
const tenYears = 315_360_000;

const tokenAnswerProperty = parserProperty('token answer', providerResponse, async (response) => {
  const clock = movingClock();
  const requestToken = tokenRequester({ transport: async () => response, clock });

  const ending = await requestToken(
    provider,
    { grantType: 'refresh_token', refreshToken: new Secret('refresh_token', 'r-0'), params: {} },
    1000,
  );

  assertPrototypesUntouched();
  if (ending.outcome !== 'granted') {
    if (ending.outcome === 'request_refused') assert.match(ending.error, /^[a-z_]+$/);
    return false;
  }
  assert.ok(response.status >= 200 && response.status < 300);
  const { accessToken, refreshToken, expiresAt, scope, accountId, values } = ending.answer;
  assert.match(accessToken.reveal(), token);
  if (refreshToken) assert.match(refreshToken.reveal(), token);
  if (expiresAt !== undefined) {
    assert.ok(Number.isInteger(expiresAt));
    assert.ok(expiresAt > clock.now() && expiresAt < clock.now() + tenYears);
  }
  for (const text of [scope, accountId, ...Object.values(values)]) {
    if (text === undefined) continue;
    assert.ok(text.length <= 4096 && text.isWellFormed());
    assert.doesNotMatch(text, /\p{Cc}/u);
  }
  assert.ok(Object.keys(values).every((name) => ['constructor', 'note'].includes(name)));
  return true;
});

const revocationProperty = parserProperty(
  'revocation answer',
  providerResponse,
  async (response) => {
    const revoke = tokenRevoker({ transport: async () => response, clock: movingClock() });

    const ending = await revoke(provider, new Secret('refresh_token', 'r-0'), 1000);

    assert.ok(['revoked', 'unsupported', 'refused', 'unavailable'].includes(ending));
    assertPrototypesUntouched();
    return ending === 'revoked';
  },
);

const coded = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.nat(200_000).map((length) => new Uint8Array(length)),
);
const body = fc.oneof(
  coded.map((bytes) => ({ bytes, coding: 'identity' })),
  coded.map((bytes) => ({ bytes: new Uint8Array(gzipSync(bytes)), coding: 'gzip' })),
  coded.map((bytes) => ({ bytes: new Uint8Array(deflateSync(bytes)), coding: 'deflate' })),
  coded.map((bytes) => ({ bytes: new Uint8Array(brotliCompressSync(bytes)), coding: 'br' })),
  fc.record({ bytes: coded, coding: hostileText }),
);

const bodyProperty = parserProperty('body of an answer', body, async ({ bytes, coding }) => {
  try {
    const text = await readBoundedBody(Readable.from([Buffer.from(bytes)]), coding);
    assert.ok(text.length <= maxBodyBytes);
    return true;
  } catch (error) {
    assert.ok(error instanceof TransportError);
    assert.ok(error.trouble === 'too_large' || error.trouble === 'malformed');
    return false;
  }
});

const repeatsProperty = parserProperty(
  'repeated members of JSON',
  fc.array(answerMember, { maxLength: 6 }),
  (members) => {
    const names = members.map(([name]) => name);
    const repeated = names.filter((name, index) => names.indexOf(name) !== index);
    const found = listRepeatedMembers(asObject(members)).filter((path) =>
      names.includes(path as never),
    );
    assert.deepEqual(found, repeated);
    return repeated.length === 0;
  },
);

const retryAfter = fc.oneof(
  tampered(fc.constantFrom('120', 'Sun, 22 Nov 2026 10:00:00 GMT')),
  hostileText,
);

const retryAfterProperty = parserProperty('Retry-After', retryAfter, (text) => {
  const seconds = readRetryAfterSeconds(text, 1_795_305_600_000);
  assert.ok(
    seconds === undefined || (Number.isInteger(seconds) && seconds >= 0 && seconds <= 86_400),
  );
  return seconds !== undefined;
});

/** What must hold of everything that comes from a provider. */
export const oauthProperties: readonly ParserProperty[] = [
  callbackProperty,
  tokenAnswerProperty,
  revocationProperty,
  bodyProperty,
  repeatsProperty,
  retryAfterProperty,
];
