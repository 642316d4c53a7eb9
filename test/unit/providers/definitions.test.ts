import { describe, expect, it } from 'vitest';
import { buildAuthorizationRequest } from '../../../lib/oauth/authorization-request.ts';
import { catalogue } from '../../../lib/providers/catalogue.ts';
import { type Definition, definitionSchema } from '../../../lib/providers/definition.ts';
import { endpointOrigins, offersGrant, tokenRequestShape } from '../../../lib/providers/params.ts';
import { readStrictly } from '../../../lib/read-strictly.ts';
import { aClient, problemsOf } from './a-client.ts';

const redirectUri = 'https://connect.example.com/callback/acme';
const hurma = () => aClient({ provider: 'hurma', params: { company: 'acme' } });
const hurdlr = (params: object = { environment: 'sandbox' }, more: object = {}) =>
  aClient({ provider: 'hurdlr', params, ...more });
const humanity = (provider_overrides: object = {}) =>
  aClient({ provider: 'humanity', provider_overrides });
const hypersku = (provider_overrides: object = {}) =>
  aClient({ provider: 'hypersku', provider_overrides });

describe('every definition', () => {
  it.each([...catalogue])('%s fits the schema and points editors to it', (name, written) => {
    const reading = readStrictly(definitionSchema, written);

    expect(reading).toMatchObject({
      outcome: 'read',
      value: { name, $schema: './definition.schema.json' },
    });
  });

  it.each(['hurma', 'hurdlr', 'humanity', 'hypersku', 'oauth2'])(
    '%s declares no rotation and no lifetimes, since no page does',
    (name) => {
      expect(catalogue.get(name)).not.toHaveProperty('rotation');
      expect(catalogue.get(name)).not.toHaveProperty('lifetimes');
    },
  );

  it.each(['hurma', 'hurdlr', 'humanity', 'hypersku'])('%s has no PKCE, unlike oauth2', (name) => {
    const pkce = (definition: unknown) => (definition as Definition).authorize?.pkce;

    expect(pkce(catalogue.get(name))).toBe(false);
    expect(aClient().definition.authorize?.pkce).toBe(true);
  });

  it.each(['hurma', 'hurdlr', 'humanity', 'hypersku'])('%s declares no revocation', (name) => {
    expect(catalogue.get(name)).not.toHaveProperty('revoke');
  });
});

describe('HURMA', () => {
  it('is asked to authorize as its page shows', () => {
    const { url, stateName, pkce } = buildAuthorizationRequest(hurma(), {
      redirectUri,
      params: {},
    });

    expect(url).toBe(
      'https://acme.hurma.work/api/v3/oauth/authorize?response_type=code&client_id=app-1' +
        `&redirect_uri=${encodeURIComponent(redirectUri)}`,
    );
    expect(stateName).toBe('state');
    expect(pkce).toBeUndefined();
  });

  it.each(['authorization_code', 'password', 'refresh_token'] as const)(
    'takes %s as a form with the secret in it, at its one token URL',
    (grantType) => {
      expect(tokenRequestShape(hurma(), grantType)).toEqual({
        url: 'https://acme.hurma.work/api/v3/oauth/token',
        method: 'POST',
        parameters_in: 'form',
        client_authentication: 'client_secret_post',
        names: {},
        params: {},
        headers: {},
      });
    },
  );

  it('does not offer client_credentials', () => {
    expect(offersGrant(hurma(), 'client_credentials')).toBe(false);
  });

  it('says of a dead refresh token 401 invalid_request, and of nothing else', () => {
    expect(hurma().definition.failures).toEqual([
      {
        http_status: [401],
        grant: ['refresh_token'],
        where: { path: 'error', in: ['invalid_request'] },
        means: 'invalid_grant',
      },
    ]);
  });

  it('wants a Bearer token at the company’s own host', () => {
    expect(hurma().definition.api).toEqual({
      base_url: 'https://{company}.hurma.work/api/v3',
      token_in: 'header',
      header: { name: 'Authorization', scheme: 'Bearer' },
      query: { name: 'access_token' },
    });
    expect(endpointOrigins(hurma())).toEqual(['https://acme.hurma.work']);
  });

  it.each(['acme.evil', 'evil.example/', 'a@b', 'ACME', '', 'a--b', '-a', 'a'.repeat(64)])(
    'refuses the company %j, which is no single host label',
    (company) => {
      expect(problemsOf(() => aClient({ provider: 'hurma', params: { company } }))).toEqual([
        expect.stringMatching(/^params\.company must be one host label/),
      ]);
    },
  );
});

describe('Hurdlr', () => {
  it.each([
    [{ environment: 'sandbox' }, 'https://sandbox.hurdlr.com/rest/v5/accountant/token'],
    [
      { environment: 'production', tokens_for: 'user' },
      'https://prod.hurdlr.com/rest/v5/auth/token',
    ],
  ])('has for %j the token URL %s', (params, url) => {
    expect(tokenRequestShape(hurdlr(params), 'refresh_token').url).toBe(url);
  });

  it('takes each grant as a form, with no redirect_uri and no scope', () => {
    for (const grantType of ['authorization_code', 'refresh_token'] as const) {
      expect(tokenRequestShape(hurdlr(), grantType)).toMatchObject({
        method: 'POST',
        parameters_in: 'form',
        client_authentication: 'client_secret_post',
        names: { redirect_uri: false, scope: false },
        params: {},
        headers: {},
      });
    }
  });

  it('takes client_credentials with the connection’s userId', () => {
    expect(tokenRequestShape(hurdlr(), 'client_credentials').params).toEqual({
      userId: '{userId}',
    });
  });

  it('has no password grant', () => {
    expect(offersGrant(hurdlr(), 'password')).toBe(false);
  });

  it('tells an expiry by created_at and expires_in, and no token_type', () => {
    expect(hurdlr().definition.answer).toMatchObject({
      created_at: ['created_at'],
      expires_in: ['expires_in'],
      token_type: ['token_type'],
    });
  });

  it('is sent a Bearer header at the token endpoint only where the registration says so', () => {
    const headers = { Authorization: 'Bearer partner-token' };

    const switchedOn = hurdlr(undefined, { token_request_headers: headers });

    expect(hurdlr().tokenRequestHeaders).toEqual({});
    expect(switchedOn.tokenRequestHeaders.authorization?.reveal()).toBe('Bearer partner-token');
  });

  it('says what to set, where, and which page to ask, since its authorize URL is not public', () => {
    const begin = () => buildAuthorizationRequest(hurdlr(), { redirectUri, params: {} });

    const [problem, ...others] = problemsOf(begin);

    expect(others).toEqual([]);
    expect(problem).toContain('provider_overrides.authorize.url');
    expect(problem).not.toContain('grants.authorization_code');
    expect(problem).toContain('evergrant/{stage}/clients/acme');
    expect(problem).toContain('https://docs.tight.com/v5.0/');
  });

  it('needs to be told the environment', () => {
    expect(problemsOf(() => hurdlr({}))).toEqual([
      expect.stringMatching(/^params\.environment is required: .*sandbox or production/),
    ]);
  });

  it('needs no environment when the registration gives every URL itself', () => {
    const client = hurdlr(
      {},
      {
        provider_overrides: {
          token: { url: 'https://hurdlr.example/token' },
          api: { base_url: 'https://hurdlr.example/api' },
        },
      },
    );

    expect(endpointOrigins(client)).toEqual(['https://hurdlr.example']);
  });
});

describe('Humanity', () => {
  it.each(['password', 'refresh_token'] as const)('takes %s as a form at token.php', (grant) => {
    expect(tokenRequestShape(humanity(), grant)).toEqual({
      url: 'https://www.humanity.com/oauth2/token.php',
      method: 'POST',
      parameters_in: 'form',
      client_authentication: 'client_secret_post',
      names: {},
      params: {},
      headers: {},
    });
  });

  it('offers neither the code flow nor client_credentials by itself', () => {
    expect(offersGrant(humanity(), 'authorization_code')).toBe(false);
    expect(offersGrant(humanity(), 'client_credentials')).toBe(false);
    const [problem] = problemsOf(() =>
      buildAuthorizationRequest(humanity(), { redirectUri, params: {} }),
    );
    expect(problem).toContain('provider_overrides.grants.authorization_code');
    expect(problem).toContain('provider_overrides.authorize.url');
  });

  it('does the code flow once the registration gives grant and URL', () => {
    const client = humanity({
      grants: { authorization_code: {} },
      authorize: { url: 'https://www.humanity.com/oauth2/authorize' },
    });

    const { url, pkce } = buildAuthorizationRequest(client, { redirectUri, params: {} });

    expect(url).toMatch(/^https:\/\/www\.humanity\.com\/oauth2\/authorize\?response_type=code&/);
    expect(pkce).toBeUndefined();
    expect(offersGrant(client, 'authorization_code')).toBe(true);
  });

  it('wants the token in a header, or in the query by a switch, never in both', () => {
    const inQuery = humanity({ api: { token_in: 'query' } });

    expect(humanity().definition.api.token_in).toBe('header');
    expect(inQuery.definition.api).toMatchObject({
      base_url: 'https://www.humanity.com/api/v2',
      token_in: 'query',
      query: { name: 'access_token' },
    });
  });

  it.each([
    [91, 'refresh_token', 'slow_down'],
    [90, 'refresh_token', 'invalid_client'],
    [2, 'password', 'invalid_client'],
    [-1, 'refresh_token', 'invalid_client'],
    [-2, 'refresh_token', 'invalid_client'],
    [-3, 'refresh_token', 'invalid_client'],
    [3, 'refresh_token', 'invalid_grant'],
    [7, 'password', 'invalid_grant'],
    [7, 'refresh_token', 'invalid_request'],
    [3, 'authorization_code', 'invalid_request'],
    [20, 'password', 'invalid_request'],
    [1, 'refresh_token', undefined],
  ] as const)('says by status %i in HTTP 200 to %s: %s', (status, grantType, means) => {
    const rule = humanity().definition.failures.find(
      ({ grant, where }) =>
        (grant?.includes(grantType) ?? true) &&
        where?.path === 'status' &&
        where.in.includes(status),
    );

    expect(rule?.means).toBe(means);
    expect(rule?.http_status ?? [200]).toEqual([200]);
  });
});

describe('HyperSKU', () => {
  it('is asked to authorize in camelCase, with scope oms and without response_type', () => {
    const { url, stateName, pkce } = buildAuthorizationRequest(hypersku(), {
      redirectUri,
      params: {},
    });

    expect(url).toBe(
      'https://app.hypersku.com/application/auth?clientId=app-1' +
        `&redirectUri=${encodeURIComponent(redirectUri)}&scope=oms`,
    );
    expect(stateName).toBe('state');
    expect(pkce).toBeUndefined();
  });

  it('takes a code as JSON of clientId, clientSecret and code', () => {
    expect(tokenRequestShape(hypersku(), 'authorization_code')).toMatchObject({
      url: 'https://api.hypersku.com/api/auth/admin/token/access_token',
      method: 'POST',
      parameters_in: 'json',
      names: {
        grant_type: false,
        client_id: 'clientId',
        client_secret: 'clientSecret',
        redirect_uri: false,
        refresh_token: 'refreshToken',
      },
    });
  });

  it('cannot be refreshed until the registration says where', () => {
    const url = 'https://api.hypersku.com/refresh';
    const told = hypersku({ grants: { refresh_token: { url } } });

    expect(offersGrant(hypersku(), 'refresh_token')).toBe(false);
    expect(problemsOf(() => tokenRequestShape(hypersku(), 'refresh_token'))).toEqual([
      expect.stringContaining('provider_overrides.grants.refresh_token.url'),
    ]);
    expect(offersGrant(told, 'refresh_token')).toBe(true);
    expect(tokenRequestShape(told, 'refresh_token')).toMatchObject({
      url,
      parameters_in: 'json',
      names: { refresh_token: 'refreshToken', client_id: 'clientId', grant_type: false },
    });
  });

  it('answers in camelCase at the root, or below data, or in snake_case', () => {
    const { answer } = hypersku().definition;

    expect(answer.access_token).toEqual([
      'accessToken',
      'access_token',
      'data.accessToken',
      'data.access_token',
    ]);
    expect(answer.refresh_token[0]).toBe('refreshToken');
    expect(answer.expires_in[0]).toBe('expiresIn');
    expect(answer.refresh_token_expires_in[0]).toBe('refreshTokenExpireIn');
    expect(answer.account_id?.[0]).toBe('userId');
    expect(answer.unit).toBe('seconds');
  });

  it('is presented a Bearer token, or the bare one by a switch', () => {
    const raw = hypersku({ api: { header: { scheme: '' } } });

    expect(hypersku().definition.api.header).toEqual({ name: 'Authorization', scheme: 'Bearer' });
    expect(raw.definition.api.header).toEqual({ name: 'Authorization', scheme: '' });
  });
});

describe('oauth2', () => {
  it('knows no URL of its own', () => {
    expect(endpointOrigins(aClient())).toEqual([]);
    expect(offersGrant(aClient(), 'authorization_code')).toBe(false);
    expect(problemsOf(() => tokenRequestShape(aClient(), 'password'))).toEqual([
      expect.stringContaining('provider_overrides.token.url'),
    ]);
  });

  it('speaks RFC 6749 once the registration gives the URLs', () => {
    const client = aClient({
      scope: 'read write',
      provider_overrides: {
        authorize: { url: 'https://as.example/authorize', issuer: 'https://as.example' },
        token: { url: 'https://as.example/token' },
        revoke: { url: 'https://as.example/revoke' },
      },
    });

    const { url, pkce } = buildAuthorizationRequest(client, { redirectUri, params: {} });

    expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
      response_type: 'code',
      client_id: 'app-1',
      redirect_uri: redirectUri,
      scope: 'read write',
    });
    expect(pkce).toEqual({
      challengeName: 'code_challenge',
      methodName: 'code_challenge_method',
    });
    expect(tokenRequestShape(client, 'client_credentials').url).toBe('https://as.example/token');
  });
});
