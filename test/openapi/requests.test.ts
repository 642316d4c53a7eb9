import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseCompletion,
  parseConnectSession,
  parseDirectGrant,
  parseListRequest,
  parseVendRequest,
} from '../../lib/http/request-message.ts';
import { parseConnectionKey } from '../../lib/names.ts';
import { buildProblem } from '../../lib/problem.ts';
import { aKey } from '../support/connections.ts';
import { isRequestValid, isValid, operationOf } from '../support/interface-document.ts';
import { aMessage, aSpoiltMessage } from './a-message.ts';

const key = aKey();

/** The status of a request for which the parsers' word is the last. */
function statusOf(parse: () => unknown): number {
  try {
    parse();
    return 200;
  } catch (error) {
    return buildProblem(error).status;
  }
}

const bodies: readonly (readonly [route: string, parse: (body: unknown) => unknown])[] = [
  ['POST /connect-sessions', parseConnectSession],
  ['POST /connect-sessions/complete', parseCompletion],
  ['PUT /connections/{client}/{connection}', (body) => parseDirectGrant(key, body)],
  ['POST /connections/{client}/{connection}/token', (body) => parseVendRequest(inPath(body), key)],
];

/** That a body names the connection of its path is more than a schema can say. */
function inPath(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const named = Object.entries(body).map(([name, value]) => [
    name,
    Object.hasOwn(key, name) && typeof value === 'string' ? key[name as keyof typeof key] : value,
  ]);
  return Object.fromEntries(named);
}

describe.each(bodies)('the body of %s', (route, parse) => {
  const { schema = {} } = operationOf(route).requestBody?.content['application/json'] ?? {};

  it('that the document allows is read', () => {
    fc.assert(
      fc.property(aMessage(schema), (body) => {
        expect(isValid(schema, body)).toBe(true);
        expect(statusOf(() => parse(body))).toBe(200);
      }),
    );
  });

  it('is read where the document allows it, and answered 400 where it does not', () => {
    fc.assert(
      fc.property(aSpoiltMessage(schema), (body) => {
        expect(statusOf(() => parse(body))).toBe(isValid(schema, body) ? 200 : 400);
      }),
      { numRuns: 1000 },
    );
  });
});

it('a query of GET /connections is read where the document allows it, and answered 400 where not', () => {
  const operation = operationOf('GET /connections');
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'acme',
      'active',
      'revoked',
      'active,failing',
      'x'.repeat(1025),
      'x'.repeat(1024),
    ),
  );
  const query = fc.dictionary(fc.constantFrom('client', 'state', 'cursor', 'limit'), text);
  fc.assert(
    fc.property(query, (given) => {
      const allowed = isRequestValid(operation, { path: {}, query: given, body: undefined });

      expect(statusOf(() => parseListRequest(given))).toBe(allowed ? 200 : 400);
    }),
    { numRuns: 1000, examples: [[{ client: 'acme', state: 'failing', cursor: 'c' }]] },
  );
});

it('names in a path are read where the document allows them, and answered 400 where not', () => {
  const operation = operationOf('GET /connections/{client}/{connection}');
  const schemas = operation.parameters.map(({ schema }) => schema);
  const names = schemas.map((schema) =>
    fc.oneof(
      aMessage(schema),
      fc.string(),
      aMessage(schema).map((name) => `${name}\n`),
    ),
  );
  fc.assert(
    fc.property(fc.tuple(...names), ([client, connection]) => {
      const path = { client: String(client), connection: String(connection) };
      const allowed = isRequestValid(operation, { path, query: {}, body: undefined });

      expect(statusOf(() => parseConnectionKey(path))).toBe(allowed ? 200 : 400);
    }),
    { numRuns: 500 },
  );
});

describe('a bound is the same here and in the document', () => {
  const session = { client: 'acme', connection: 'ann' };
  const password = { grant_type: 'password', username: 'ann', password: 'p' };
  const letters = (count: number) => 'x'.repeat(count);
  const imported = (tokens: object) => ({ import: { access_token: 'a', ...tokens } });
  const [connect, , put, vend] = bodies;

  it.each([
    ['scope', connect, { ...session, scope: letters(4096) }, { ...session, scope: letters(4097) }],
    [
      'return_url',
      connect,
      { ...session, return_url: letters(2048) },
      { ...session, return_url: letters(2049) },
    ],
    [
      'username',
      put,
      { ...password, username: '😀'.repeat(1024) },
      { ...password, username: '😀'.repeat(1025) },
    ],
    ['password', put, { ...password, password: letters(1024) }, { ...password, password: '' }],
    [
      'access_token',
      put,
      imported({ access_token: letters(16_384) }),
      imported({ access_token: letters(16_385) }),
    ],
    ['refresh_token', put, imported({ refresh_token: 'r' }), imported({ refresh_token: '' })],
    [
      'expires_at',
      put,
      imported({ expires_at: 253_402_300_799 }),
      imported({ expires_at: 253_402_300_800 }),
    ],
    ['import', put, imported({}), { import: { expires_at: 1 } }],
    ['min_ttl_seconds', vend, { min_ttl_seconds: 86_400 }, { min_ttl_seconds: 86_401 }],
    ['min_ttl_seconds', vend, { min_ttl_seconds: 0 }, { min_ttl_seconds: -1 }],
    ['max_wait_seconds', vend, { max_wait_seconds: 25 }, { max_wait_seconds: 26 }],
    ['max_wait_seconds', vend, { max_wait_seconds: 25.0 }, { max_wait_seconds: 24.5 }],
  ])('%s', (_member, pair, within, beyond) => {
    const [route, parse] = pair ?? ['', () => undefined];
    const { schema = {} } = operationOf(route).requestBody?.content['application/json'] ?? {};

    expect([isValid(schema, within), statusOf(() => parse(within))]).toEqual([true, 200]);
    expect([isValid(schema, beyond), statusOf(() => parse(beyond))]).toEqual([false, 400]);
  });
});
