import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hypersku } from '../../../local/simulators/hypersku.ts';
import { aSimulator, redirectUriOf, type SimulatorUnderTest, without } from './a-simulator.ts';

const authorizePath = '/application/auth';
const tokenPath = '/api/auth/admin/token/access_token';
const refreshPath = '/api/auth/admin/token/refresh_token';
const apiPath = '/api/customer/admin/logistics/getCountryCode';
const client = { clientId: 'demo-hypersku-client', clientSecret: 'demo-hypersku-secret' };
const authorization = {
  clientId: client.clientId,
  scope: 'oms',
  redirectUri: redirectUriOf('hypersku-acme'),
  state: 's-1',
};

let vendor: SimulatorUnderTest;

beforeEach(async () => {
  vendor = await aSimulator(hypersku);
});
afterEach(() => vendor.close());

async function aCode(): Promise<string> {
  const allowed = await vendor.consent(authorizePath, authorization);
  return allowed.callback.get('code') ?? '';
}

const exchange = async (changes: object = {}) =>
  vendor.postJson(tokenPath, { ...client, code: await aCode(), ...changes });

describe('the authorization endpoint of HyperSKU', () => {
  it('sends the browser back with a code and the very state, or with access_denied', async () => {
    const allowed = await vendor.consent(authorizePath, authorization);
    const denied = await vendor.consent(authorizePath, authorization, { decision: 'deny' });

    expect(allowed.callback.get('code')).toBeTruthy();
    expect(allowed.callback.get('state')).toBe('s-1');
    expect(denied.callback.get('error')).toBe('access_denied');
    expect(denied.callback.get('state')).toBe('s-1');
  });

  it.each(['clientId', 'scope', 'redirectUri', 'state'])(
    'requires %s, as its page says',
    async (name) => {
      const refused = await vendor.consent(authorizePath, without(authorization, name));

      expect(refused.status).toBeGreaterThanOrEqual(400);
      expect(refused.body).toMatchObject({ message: expect.any(String) });
      expect(refused.headers.has('location')).toBe(false);
    },
  );

  it.each([
    ['another scope', { scope: 'admin' }, 400],
    ['another redirect URI', { redirectUri: 'http://127.0.0.1:3999/x' }, 400],
    ['an unknown client', { clientId: 'nobody' }, 401],
  ])('refuses %s', async (_, changes, status) => {
    const refused = await vendor.consent(authorizePath, { ...authorization, ...changes });

    expect(refused.status).toBe(status);
  });

  it('knows no snake_case names', async () => {
    const { clientId, redirectUri, scope, state } = authorization;
    const query = { client_id: clientId, redirect_uri: redirectUri, scope, state };

    expect((await vendor.consent(authorizePath, query)).status).toBe(401);
  });
});

describe('the token endpoint of HyperSKU', () => {
  it('answers a JSON exchange in camelCase, without a token type', async () => {
    const { status, body } = await exchange();

    expect(status).toBe(200);
    expect(body).toEqual({
      accessToken: expect.any(String),
      expiresIn: 7200,
      refreshToken: expect.any(String),
      refreshTokenExpireIn: 2_592_000,
      scope: 'oms',
      userId: 'ann',
    });
  });

  it('refuses a form by 415', async () => {
    const refused = await vendor.postForm(tokenPath, { ...client, code: await aCode() });

    expect(refused).toMatchObject({ status: 415, body: { status: 415 } });
  });

  it.each([
    ['a wrong secret', { clientSecret: 'wrong' }, 401],
    ['an unknown client', { clientId: 'nobody' }, 401],
    ['a code that was never issued', { code: 'made-up' }, 400],
    ['a code that is no string', { code: 1 }, 400],
    ['no code', { code: undefined }, 400],
    ['a name that it does not know', { redirect_uri: 'x' }, 400],
    ['another redirect URI', { redirectUri: 'http://127.0.0.1:3999/x' }, 400],
  ])('refuses %s', async (_, changes, status) => {
    const refused = await exchange(changes);

    expect(refused).toMatchObject({ status, body: { message: expect.any(String) } });
    expect(refused.body).not.toHaveProperty('accessToken');
  });

  it('refuses the standard snake_case names', async () => {
    const body = {
      client_id: client.clientId,
      client_secret: client.clientSecret,
      code: await aCode(),
    };

    expect((await vendor.postJson(tokenPath, body)).status).toBe(400);
  });

  it('takes a code once, and ends what it brought when it comes again', async () => {
    const code = await aCode();
    const first = await exchange({ code });

    const second = await exchange({ code });

    expect(second).toMatchObject({ status: 400, body: { status: 40301 } });
    expect((await countries(`Bearer ${first.body.accessToken}`)).status).toBe(401);
  });

  it('refreshes at its own address, and only there', async () => {
    const { body } = await exchange();
    const refreshToken = { ...client, refreshToken: body.refreshToken };

    expect((await vendor.postJson(refreshPath, refreshToken)).status).toBe(200);
    expect((await vendor.postJson(tokenPath, refreshToken)).status).toBe(400);
    expect(await vendor.postJson(refreshPath, { ...client, refreshToken: 'dead' })).toMatchObject({
      status: 401,
      body: { status: 40102 },
    });
  });

  it('puts errors into HTTP 200 where it is set so', async () => {
    await vendor.control('settings', { errors_in: 'http_200' });

    expect(await exchange({ clientSecret: 'wrong' })).toMatchObject({
      status: 200,
      body: { status: 40101 },
    });
  });
});

const countries = (authorization: string, query = '') =>
  vendor.send(`${apiPath}${query}`, { headers: { authorization } });

describe('the API of HyperSKU', () => {
  it.each([
    ['bearer', 'Bearer '],
    ['raw', ''],
  ])('takes the token as %s where it is set so, and no other way', async (setting, prefix) => {
    await vendor.control('settings', { api_token: setting });
    const { accessToken } = (await exchange()).body;
    const other = prefix === '' ? 'Bearer ' : '';

    expect((await countries(`${prefix}${accessToken}`)).status).toBe(200);
    expect((await countries(`${other}${accessToken}`)).status).toBe(401);
    expect((await vendor.send(`${apiPath}?access_token=${accessToken}`)).status).toBe(401);
    const both = await countries(`${prefix}${accessToken}`, `?access_token=${accessToken}`);
    expect(both).toMatchObject({ status: 401, body: { status: 40103 } });
  });
});
