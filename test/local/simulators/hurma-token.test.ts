import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hurma } from '../../../local/simulators/hurma.ts';
import { aSimulator, redirectUriOf, type SimulatorUnderTest, without } from './a-simulator.ts';

const authorizePath = '/api/v3/oauth/authorize';
const tokenPath = '/api/v3/oauth/token';
const redirectUri = redirectUriOf('hurma-acme');
const client = { client_id: 'demo-hurma-code-client', client_secret: 'demo-hurma-code-secret' };
const passwordClient = {
  client_id: 'demo-hurma-password-client',
  client_secret: 'demo-hurma-password-secret',
};
const authorization = {
  response_type: 'code',
  client_id: client.client_id,
  redirect_uri: redirectUri,
  state: 's-1',
};
const login = {
  grant_type: 'password',
  ...passwordClient,
  username: 'ann@acme.example',
  password: 'ann-demo-password',
};

let vendor: SimulatorUnderTest;

beforeEach(async () => {
  vendor = await aSimulator(hurma);
});
afterEach(() => vendor.close());

async function aCode(): Promise<string> {
  const allowed = await vendor.consent(authorizePath, authorization);
  return allowed.callback.get('code') ?? '';
}

async function exchange(changes: Readonly<Record<string, string>> = {}) {
  const code = await aCode();
  return vendor.postForm(tokenPath, {
    grant_type: 'authorization_code',
    ...client,
    code,
    redirect_uri: redirectUri,
    ...changes,
  });
}

const refresh = (refreshToken: string) =>
  vendor.postForm(tokenPath, {
    grant_type: 'refresh_token',
    ...client,
    refresh_token: refreshToken,
  });

describe('the token endpoint of HURMA', () => {
  it('exchanges a code for a Bearer token, a JWT, and a long refresh token', async () => {
    const { status, body } = await exchange();

    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
    expect(body.access_token.split('.')).toHaveLength(3);
    expect(body.refresh_token.length).toBeGreaterThan(700);
  });

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['an unknown client', { client_id: 'nobody' }, 401, 'invalid_client'],
    ['another client of the vendor', passwordClient, 401, 'invalid_client'],
    ['an unknown grant', { grant_type: 'client_credentials' }, 400, 'unsupported_grant_type'],
    ['a grant that the client is not for', login, 401, 'invalid_client'],
    ['another redirect URI', { redirect_uri: `${redirectUri}/x` }, 400, 'invalid_request'],
    ['a code that was never issued', { code: 'made-up' }, 400, 'invalid_request'],
  ])('refuses %s', async (_, changes, status, error) => {
    const wrong = 'username' in changes ? { ...changes, ...client } : changes;

    expect(await exchange(wrong)).toMatchObject({ status, body: { error } });
  });

  it('refuses a code without its redirect URI (RFC 6749 §4.1.3)', async () => {
    const form = { grant_type: 'authorization_code', ...client, code: await aCode() };

    const refused = await vendor.postForm(tokenPath, form);

    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('refuses a parameter under another name', async () => {
    const form = { grantType: 'password', ...without(login, 'grant_type') };

    const refused = await vendor.postForm(tokenPath, form);

    expect(refused).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } });
  });

  it('reads a form and no JSON', async () => {
    const refused = await vendor.postJson(tokenPath, login);

    expect(refused).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } });
  });

  it('wants the secret in the body and not as Basic', async () => {
    const { client_id, client_secret } = passwordClient;
    const basic = Buffer.from(`${client_id}:${client_secret}`).toString('base64');
    const form = without(login, 'client_id', 'client_secret');

    const refused = await vendor.postForm(tokenPath, form, { authorization: `Basic ${basic}` });

    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  it('answers POST only', async () => {
    expect((await vendor.send(tokenPath)).status).toBe(405);
  });

  it('takes a code once, and ends what it brought when it comes again (RFC 6749 §4.1.2)', async () => {
    const form = {
      grant_type: 'authorization_code',
      ...client,
      code: await aCode(),
      redirect_uri: redirectUri,
    };
    const first = await vendor.postForm(tokenPath, form);

    const second = await vendor.postForm(tokenPath, form);

    expect(second).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect((await refresh(first.body.refresh_token)).status).toBe(401);
  });

  it('takes no code after its time', async () => {
    const code = await aCode();
    vendor.clock.advance(601);

    const refused = await exchange({ code });

    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('gives a password client an access token and no refresh token', async () => {
    const { status, body } = await vendor.postForm(tokenPath, login);

    expect(status).toBe(200);
    expect(body.access_token).toBeTruthy();
    expect(body).not.toHaveProperty('refresh_token');
  });

  it.each([{ password: 'wrong' }, { username: 'eve@acme.example' }])(
    'refuses the credentials of nobody: %o',
    async (changes) => {
      const refused = await vendor.postForm(tokenPath, { ...login, ...changes });

      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    },
  );

  it('rotates on refresh, and ends the old access token with the old refresh token', async () => {
    const first = await exchange();

    const second = await refresh(first.body.refresh_token);

    expect(second.status).toBe(200);
    expect(second.body.refresh_token).not.toBe(first.body.refresh_token);
    expect((await users(first.body.access_token)).status).toBe(401);
    expect((await users(second.body.access_token)).status).toBe(200);
  });

  it('refuses a refresh token that another client was given', async () => {
    const { body } = await exchange();
    const form = { grant_type: 'refresh_token', ...passwordClient };

    const refused = await vendor.postForm(tokenPath, {
      ...form,
      refresh_token: body.refresh_token,
    });

    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_request' } });
    expect((await refresh(body.refresh_token)).status).toBe(200);
  });

  it.each([
    ['invalid_request', 401, 'invalid_request'],
    ['invalid_grant', 400, 'invalid_grant'],
  ])('tells a dead refresh token by %s where it is set so', async (setting, status, error) => {
    await vendor.control('settings', { dead_refresh_token: setting });

    expect(await refresh('dead')).toMatchObject({ status, body: { error } });
  });
});

const users = (token: string, query = '') =>
  vendor.send(`/api/v3/users${query}`, { headers: { authorization: `Bearer ${token}` } });

describe('the API of HURMA', () => {
  it('serves a live token in the Authorization header', async () => {
    const { body } = await exchange();

    expect(await users(body.access_token)).toMatchObject({ status: 200 });
  });

  it('refuses the token in the query, bare, in both places, made up, or none', async () => {
    const { body } = await exchange();
    const query = `?access_token=${body.access_token}`;

    const refusals = [
      await vendor.send(`/api/v3/users${query}`),
      await vendor.send('/api/v3/users', { headers: { authorization: body.access_token } }),
      await users(body.access_token, query),
      await users('made-up'),
      await vendor.send('/api/v3/users'),
    ];

    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ status: 401, body: { message: 'Unauthenticated.' } });
    }
  });

  it('refuses a token that has expired', async () => {
    const { body } = await exchange();
    vendor.clock.advance(3600);

    expect((await users(body.access_token)).status).toBe(401);
  });
});
