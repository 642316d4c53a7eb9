import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildAuthorizationRequest,
  buildCodeChallenge,
  completeAuthorizationUrl,
  deriveCodeVerifier,
} from '../../../lib/oauth/authorization-request.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClientOf, problemsOf } from '../providers/a-client.ts';

const redirectUri = 'https://connect.example.com/callback/acme';
const request = { redirectUri, params: {} };
const parametersOf = (url: string) => Object.fromEntries(new URL(url).searchParams);

describe('buildAuthorizationRequest', () => {
  it('is plain RFC 6749 §4.1.1 with PKCE where the definition says nothing else', () => {
    const { url, stateName, pkce } = buildAuthorizationRequest(aClientOf({}), request);

    expect(url).toBe(
      'https://as.example.com/authorize?response_type=code&client_id=app-1' +
        '&redirect_uri=https%3A%2F%2Fconnect.example.com%2Fcallback%2Facme',
    );
    expect(stateName).toBe('state');
    expect(pkce).toEqual({ challengeName: 'code_challenge', methodName: 'code_challenge_method' });
  });

  it('keeps the query that the endpoint has of its own (RFC 6749 §3.1)', () => {
    const client = aClientOf({ authorize: { url: 'https://as.example.com/a?tenant=7' } });

    expect(parametersOf(buildAuthorizationRequest(client, request).url)).toMatchObject({
      tenant: '7',
      client_id: 'app-1',
    });
  });

  it('adds fixed parameters, with params of registration and connection in them', () => {
    const client = aClientOf(
      {
        params: {
          company: { of: 'registration', description: 'company' },
          hint: { of: 'connection', description: 'hint' },
        },
        authorize: {
          url: 'https://as.example.com/a',
          params: { prompt: 'consent', audience: 'api-{company}', login_hint: '{hint}' },
        },
      },
      { params: { company: 'acme' } },
    );

    const { url } = buildAuthorizationRequest(client, {
      redirectUri,
      params: { hint: 'ann & co' },
    });

    expect(parametersOf(url)).toMatchObject({
      prompt: 'consent',
      audience: 'api-acme',
      login_hint: 'ann & co',
    });
    expect(problemsOf(() => buildAuthorizationRequest(client, request))).toEqual([
      expect.stringContaining('params.hint is required'),
    ]);
  });

  it('lets no param, whatever its value, change a parameter that is not its own', () => {
    const client = aClientOf({
      params: { hint: { of: 'connection', description: 'hint' } },
      authorize: { url: 'https://as.example.com/a', params: { login_hint: '{hint}' } },
    });

    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (hint) => {
        const { url } = buildAuthorizationRequest(client, { redirectUri, params: { hint } });

        expect([...new URL(url).searchParams]).toEqual([
          ['login_hint', hint],
          ['response_type', 'code'],
          ['client_id', 'app-1'],
          ['redirect_uri', redirectUri],
        ]);
      }),
    );
  });

  it.each([
    [{ scope: 'read write' }, undefined, 'read write'],
    [{ scope: 'read write' }, 'write', 'write'],
    [{}, undefined, 'basic'],
    [{}, 'basic', 'basic'],
  ])('asks with registration %j and request %j for the scope %j', (members, scope, asked) => {
    const client = aClientOf({ scope: { default: 'basic' } }, members);

    const { url } = buildAuthorizationRequest(client, { ...request, ...(scope && { scope }) });

    expect(new URL(url).searchParams.get('scope')).toBe(asked);
  });

  it.each(['read admin', 'admin', '', 'read  write', ' read'])(
    'refuses the scope %j, which is malformed or more than the registration allows',
    (scope) => {
      const client = aClientOf({}, { scope: 'read write' });

      expect(problemsOf(() => buildAuthorizationRequest(client, { ...request, scope }))).toEqual([
        expect.stringMatching(/^scope /),
      ]);
    },
  );

  it.each([
    [' ', 'scope=read%20write'],
    [',', 'scope=read%2Cwrite'],
    ['+', 'scope=read%2Bwrite'],
  ] as const)('joins scopes with %j as %s', (separator, written) => {
    const client = aClientOf({ scope: { separator } }, { scope: 'read write' });

    expect(buildAuthorizationRequest(client, request).url).toContain(written);
  });

  it('drops what the provider must not be sent, and renames the rest', () => {
    const client = aClientOf({
      authorize: {
        url: 'https://as.example.com/a',
        names: {
          response_type: false,
          client_id: 'client_key',
          redirect_uri: 'callback',
          scope: false,
          state: 'ctx',
          code_challenge: 'challenge',
          code_challenge_method: false,
        },
      },
      scope: { default: 'basic' },
    });

    const pinned = buildAuthorizationRequest(client, request);
    const url = completeAuthorizationUrl(pinned, { state: 's', codeChallenge: 'c' });

    expect(parametersOf(url)).toEqual({
      client_key: 'app-1',
      callback: redirectUri,
      ctx: 's',
      challenge: 'c',
    });
  });

  it.each([
    [{ authorize: { url: null } }, ['authorize.url']],
    [{ grants: { refresh_token: {} } }, ['grants.authorization_code']],
    [
      { authorize: undefined, grants: { password: {} } },
      ['grants.authorization_code', 'authorize.url'],
    ],
  ])('says for %j that %j must be set, where, and which page may tell', (definition, missing) => {
    const [problem] = problemsOf(() => buildAuthorizationRequest(aClientOf(definition), request));

    for (const member of missing) expect(problem).toContain(`provider_overrides.${member}`);
    expect(problem).toContain('evergrant/{stage}/clients/acme');
    expect(problem).toContain('https://example.com/docs');
  });
});

describe('completeAuthorizationUrl', () => {
  const pinned = { url: 'https://as.example.com/a?client_id=app-1', stateName: 'state' };
  const pkce = { challengeName: 'code_challenge', methodName: 'code_challenge_method' };

  it('adds state and the S256 challenge (RFC 7636 §4.3)', () => {
    const url = completeAuthorizationUrl({ ...pinned, pkce }, { state: 's', codeChallenge: 'c' });

    expect(url).toBe(
      'https://as.example.com/a?client_id=app-1&state=s&code_challenge=c&code_challenge_method=S256',
    );
  });

  it('adds no challenge for a provider without PKCE', () => {
    expect(completeAuthorizationUrl(pinned, { state: 's', codeChallenge: 'c' })).toBe(
      'https://as.example.com/a?client_id=app-1&state=s',
    );
  });

  it('does not go on without a challenge where PKCE is due', () => {
    expect(() => completeAuthorizationUrl({ ...pinned, pkce }, { state: 's' })).toThrow(TypeError);
  });
});

describe('deriveCodeVerifier', () => {
  const cookie = (value: string) => new Secret('cookie', value);

  it('makes 43 characters of 256 bits, the same each time and another for each cookie', () => {
    const verifier = deriveCodeVerifier(cookie('a')).reveal();

    expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(deriveCodeVerifier(cookie('a')).reveal()).toBe(verifier);
    expect(deriveCodeVerifier(cookie('b')).reveal()).not.toBe(verifier);
  });
});

describe('buildCodeChallenge', () => {
  it('answers the example of RFC 7636 Appendix B', () => {
    const verifier = new Secret('code_verifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');

    expect(buildCodeChallenge(verifier)).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
  });
});
