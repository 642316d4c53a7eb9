import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tokenRequester } from '../../../lib/oauth/request-token.ts';
import type { ProviderResponse } from '../../../lib/oauth/transport.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClient, aClock, sentAt } from './token-endpoint-fixtures.ts';

const client = aClient({
  definition: {
    answer: {
      access_token: ['access_token', 'data.token', '__proto__.token'],
      expires_at: ['expires_at'],
      created_at: ['created_at'],
      account_id: ['id'],
      values: { constructor: ['constructor'], note: ['data.note'] },
    },
  },
});

const memberName = fc.constantFrom(
  'access_token',
  'refresh_token',
  'token_type',
  'scope',
  'expires_in',
  'expires_at',
  'created_at',
  'refresh_token_expires_in',
  'id',
  'data',
  'token',
  'note',
  'error',
  '__proto__',
  'constructor',
  'prototype',
);
const oddValue = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('bearer', '', 'a\r\nb', 'a'.repeat(17_000), '3600', -1, 0, 3600, null),
  fc.record({ token: fc.constantFrom('a-2', 'a\n', 7), note: fc.string() }),
);
const member = fc.tuple(
  memberName,
  oddValue.map((value) => JSON.stringify(value)),
);
const asObject = (members: readonly (readonly [string, string])[]) =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;

/** Answers with a token and odd company, no name twice; most of them are grants. */
const oddGrant = fc
  .uniqueArray(member, { maxLength: 5, selector: ([name]) => name })
  .map((members) => members.filter(([name]) => name !== 'access_token' && name !== 'error'))
  .map((members) => asObject([['access_token', '"a-1"'], ...members]));
/** Whatever can be written, names repeated and all. */
const anything = fc.oneof(fc.array(member).map(asObject), fc.string(), fc.webQueryParameters());

const jsonHeaders = { 'content-type': 'application/json' };
const response: fc.Arbitrary<ProviderResponse> = fc.oneof(
  fc.record({
    status: fc.constantFrom(200, 201),
    headers: fc.constant(jsonHeaders),
    body: oddGrant,
  }),
  fc.record({
    status: fc.oneof(fc.constantFrom(200, 400, 401, 429, 503), fc.integer({ min: 0, max: 999 })),
    headers: fc.record({
      'content-type': fc.constantFrom('application/json', 'text/html', 'text/plain', ''),
      'retry-after': fc.oneof(fc.string(), fc.nat().map(String)),
      'www-authenticate': fc.string(),
    }),
    body: anything,
  }),
);

const untouched = Reflect.ownKeys(Object.prototype);
const token = /^[\x21-\x7e]{1,16384}$/;

it('ends every answer, however odd, without an error and without breaking its own rules', async () => {
  const grants: string[] = [];
  await fc.assert(
    fc.asyncProperty(response, async (answer) => {
      const requestToken = tokenRequester({ transport: async () => answer, clock: aClock() });

      const outcome = await requestToken(
        client,
        { grantType: 'refresh_token', refreshToken: new Secret('refresh_token', 'r'), params: {} },
        1000,
      );

      expect(Reflect.ownKeys(Object.prototype)).toEqual(untouched);
      if (outcome.outcome !== 'granted') return;
      const { accessToken, refreshToken, expiresAt, scope, accountId, values } = outcome.answer;
      grants.push(accessToken.reveal());
      expect(accessToken.reveal()).toMatch(token);
      if (refreshToken) expect(refreshToken.reveal()).toMatch(token);
      if (expiresAt !== undefined) {
        expect(expiresAt).toBeGreaterThan(sentAt);
        expect(expiresAt).toBeLessThan(sentAt + 315_360_000);
        expect(Number.isInteger(expiresAt)).toBe(true);
      }
      for (const text of [scope, accountId, ...Object.values(values)]) {
        expect(text ?? '').not.toMatch(/\p{Cc}/u);
      }
      expect(Object.keys(values).every((name) => ['constructor', 'note'].includes(name))).toBe(
        true,
      );
    }),
    { numRuns: 500 },
  );
  expect(grants.length).toBeGreaterThan(20);
});
