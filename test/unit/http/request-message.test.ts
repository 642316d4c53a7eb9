import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFault } from '../../../lib/fault.ts';
import {
  parseCompletion,
  parseConnectSession,
  parseDirectGrant,
  parseListRequest,
  parseVendRequest,
} from '../../../lib/http/request-message.ts';
import { aKey, at } from '../../support/connections.ts';

const key = aKey();

/** The problems that a refusal names. */
function problemsOf(parse: () => unknown): readonly string[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (isFault(error) && error.code === 'REQUEST_INVALID') return error.context.problems;
    throw error;
  }
}

describe('POST /connect-sessions', () => {
  it('needs client and connection, and has defaults for the rest', () => {
    expect(parseConnectSession({ client: 'acme', connection: 'ann' })).toEqual({
      ...key,
      confirm: false,
      allowAccountSwitch: false,
    });
  });

  it('reads every member', () => {
    expect(
      parseConnectSession({
        client: 'acme',
        connection: 'ann',
        scope: 'read write',
        return_url: 'https://app.example.com/connected',
        params: { account: '7' },
        confirm: true,
        allow_account_switch: true,
      }),
    ).toEqual({
      ...key,
      scope: 'read write',
      returnUrl: 'https://app.example.com/connected',
      params: { account: '7' },
      confirm: true,
      allowAccountSwitch: true,
    });
  });

  it.each([
    ['client', { connection: 'ann' }],
    ['client', { client: 'ACME', connection: 'ann' }],
    ['connection', { client: 'acme', connection: '../ann' }],
    ['scope', { client: 'acme', connection: 'ann', scope: 'read  write' }],
    ['scope', { client: 'acme', connection: 'ann', scope: '' }],
    ['return_url', { client: 'acme', connection: 'ann', return_url: 7 }],
    ['params', { client: 'acme', connection: 'ann', params: 'x' }],
    ['params.account', { client: 'acme', connection: 'ann', params: { account: 7 } }],
    ['confirm', { client: 'acme', connection: 'ann', confirm: 'yes' }],
    ['state', { client: 'acme', connection: 'ann', state: 'x' }],
    ['redirect_uri', { client: 'acme', connection: 'ann', redirect_uri: 'https://evil.example' }],
  ])('names %s when it is malformed or unknown', (member, body) => {
    expect(problemsOf(() => parseConnectSession(body))).toEqual([
      expect.stringMatching(new RegExp(`^${member}\\b`)),
    ]);
  });
});

describe('PUT /connections/{client}/{connection}', () => {
  it('reads a password', () => {
    const grant = parseDirectGrant(key, { grant_type: 'password', username: 'ann', password: 'p' });

    expect(grant).toMatchObject({
      ...key,
      by: 'password',
      username: 'ann',
      retainCredentials: false,
    });
    expect(grant.by === 'password' && grant.password.reveal()).toBe('p');
  });

  it('reads client credentials', () => {
    const body = { grant_type: 'client_credentials', params: { userId: '7' } };

    expect(parseDirectGrant(key, body)).toEqual({
      ...key,
      by: 'client_credentials',
      params: { userId: '7' },
    });
  });

  it('reads an import', () => {
    const body = {
      import: { access_token: 'a', refresh_token: 'r', expires_at: at(60), scope: 'read' },
    };
    const grant = parseDirectGrant(key, body);

    expect(grant).toMatchObject({ by: 'import', expiresAt: at(60), scope: 'read' });
    expect(grant.by === 'import' && grant.accessToken?.reveal()).toBe('a');
    expect(grant.by === 'import' && grant.refreshToken?.reveal()).toBe('r');
  });

  it.each([
    ['grant_type', {}],
    ['grant_type', null],
    ['grant_type', []],
    ['grant_type', { grant_type: 'authorization_code' }],
    ['username', { grant_type: 'password', password: 'p' }],
    ['password', { grant_type: 'password', username: 'ann' }],
    ['password', { grant_type: 'password', username: 'ann', password: '' }],
    ['password', { grant_type: 'password', username: 'ann', password: 'x'.repeat(1025) }],
    [
      'retain_credentials',
      { grant_type: 'password', username: 'a', password: 'p', retain_credentials: 1 },
    ],
    ['scope', { grant_type: 'client_credentials', scope: 'x' }],
    ['import', { import: {} }],
    ['import', { import: 'token' }],
    ['import.access_token', { import: { access_token: 'a b' } }],
    ['import.access_token', { import: { access_token: 'a\r\nb' } }],
    ['import.refresh_token', { import: { refresh_token: 'x'.repeat(16_385) } }],
    ['import.expires_at', { import: { access_token: 'a', expires_at: '2026-11-22' } }],
    ['import.expires_at', { import: { access_token: 'a', expires_at: -1 } }],
    ['import.expires_at', { import: { access_token: 'a', expires_at: 1.5 } }],
    ['import.scope', { import: { access_token: 'a', scope: '"' } }],
    ['import.token_type', { import: { access_token: 'a', token_type: 'Bearer' } }],
    ['grant_type', { import: { access_token: 'a' }, grant_type: 'password' }],
  ])('names %s when it is malformed, missing or unknown', (member, body) => {
    const problems = problemsOf(() => parseDirectGrant(key, body));

    expect(problems).toEqual([expect.stringContaining(member)]);
  });

  it('names all that is wrong at once, and repeats no value', () => {
    const body = {
      grant_type: 'password',
      username: ['canary'],
      password: { canary: 1 },
      canary_long_enough: 'canary-value',
    };

    const problems = problemsOf(() => parseDirectGrant(key, body));

    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('canary-value');
  });
});

describe('a vend request', () => {
  it('has defaults for all but the connection', () => {
    expect(parseVendRequest({ client: 'acme', connection: 'ann' })).toEqual({
      ...key,
      minTtlSeconds: 60,
      maxWaitSeconds: 10,
    });
  });

  it('takes the connection from the path', () => {
    expect(parseVendRequest({}, key)).toMatchObject(key);
    expect(parseVendRequest({ client: 'acme', connection: 'ann' }, key)).toMatchObject(key);
  });

  it.each([
    ['client', { client: 'other' }],
    ['connection', { connection: 'bob' }],
  ])('is refused when its %s is not the one in the path', (member, body) => {
    expect(problemsOf(() => parseVendRequest(body, key))).toEqual([
      `${member} is not the one in the path`,
    ]);
  });

  it.each([
    ['min_ttl_seconds', { min_ttl_seconds: -1 }],
    ['min_ttl_seconds', { min_ttl_seconds: 86_401 }],
    ['min_ttl_seconds', { min_ttl_seconds: '60' }],
    ['max_wait_seconds', { max_wait_seconds: 26 }],
    ['max_wait_seconds', { max_wait_seconds: 0.5 }],
    ['rejected_token_sha256', { rejected_token_sha256: 'A'.repeat(64) }],
    ['rejected_token_sha256', { rejected_token_sha256: 'a'.repeat(63) }],
    ['force', { force: true }],
  ])('names %s when it is malformed or unknown', (member, body) => {
    expect(problemsOf(() => parseVendRequest(body, key))).toEqual([
      expect.stringMatching(new RegExp(`^${member}\\b`)),
    ]);
  });

  it.each([null, [], 'text', 7, undefined])('is refused as %j', (message) => {
    expect(problemsOf(() => parseVendRequest(message))).not.toEqual([]);
  });
});

describe('GET /connections', () => {
  it('reads client, state and cursor', () => {
    expect(parseListRequest({ client: 'acme', state: 'failing', cursor: 'c' })).toEqual({
      client: 'acme',
      state: 'failing',
      cursor: 'c',
    });
  });

  it.each([
    ['client', {}],
    ['state', { client: 'acme', state: 'dead' }],
    ['state', { client: 'acme', state: 'active,failing' }],
    ['cursor', { client: 'acme', cursor: 'x'.repeat(1025) }],
    ['limit', { client: 'acme', limit: '5' }],
  ])('names %s when it is malformed or unknown', (member, query) => {
    expect(problemsOf(() => parseListRequest(query))).toEqual([
      expect.stringMatching(new RegExp(`^${member}\\b`)),
    ]);
  });
});

describe('POST /connect-sessions/complete', () => {
  it('reads the completion', () => {
    expect(parseCompletion({ completion: 'c' })).toBe('c');
  });

  it.each([{}, null, { completion: 7 }, { completion: 'c', client: 'acme' }])(
    'refuses %j',
    (body) => {
      expect(problemsOf(() => parseCompletion(body))).toHaveLength(1);
    },
  );
});

it.each([33, 5000, 30_000])('is refused where it is nested %d levels deep', (levels) => {
  const text = `{"params":${'['.repeat(levels)}${']'.repeat(levels)}}`;

  expect(problemsOf(() => parseConnectSession(JSON.parse(text)))).toEqual([
    'must not be nested so deeply',
  ]);
});

it('is read or refused, whatever JSON it is', () => {
  const parsers = [
    parseConnectSession,
    (body: unknown) => parseDirectGrant(key, body),
    (body: unknown) => parseVendRequest(body),
    (body: unknown) => parseVendRequest(body, key),
    parseListRequest,
    parseCompletion,
  ];
  const members = fc.constantFrom(
    'client',
    'connection',
    'import',
    'grant_type',
    '__proto__',
    'params',
  );
  const body = fc.oneof(fc.jsonValue(), fc.dictionary(members, fc.jsonValue()));
  fc.assert(
    fc.property(body, fc.constantFrom(...parsers), (message, parse) => {
      problemsOf(() => parse(message));
    }),
  );
});
