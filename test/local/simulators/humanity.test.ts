import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { humanity } from '../../../local/simulators/humanity.ts';
import { aSimulator, redirectUriOf, type SimulatorUnderTest, without } from './a-simulator.ts';

const tokenPath = '/oauth2/token.php';
const client = { client_id: 'demo-humanity-app-id', client_secret: 'demo-humanity-app-secret' };
const login = {
  ...client,
  grant_type: 'password',
  username: 'ann@acme.example',
  password: 'ann-demo-password',
};

let vendor: SimulatorUnderTest;

beforeEach(async () => {
  vendor = await aSimulator(humanity);
});
afterEach(() => vendor.close());

const refresh = (refreshToken: string) =>
  vendor.postForm(tokenPath, {
    ...client,
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
  });

describe('the token endpoint of Humanity', () => {
  it('answers the password grant as its page shows, scope null and all', async () => {
    const { status, body } = await vendor.postForm(tokenPath, login);

    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[0-9a-f]{40}$/),
      expires_in: 3600,
      token_type: 'bearer',
      scope: null,
      refresh_token: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
  });

  it.each([
    ['left out', {}],
    ['empty', { redirect_uri: '' }],
    ['as registered', { redirect_uri: redirectUriOf('humanity-acme') }],
  ])('takes a redirect_uri that is %s', async (_, extra) => {
    expect((await vendor.postForm(tokenPath, { ...login, ...extra })).status).toBe(200);
  });

  it.each([
    ['another redirect URI', { redirect_uri: 'https://x.example/' }, 400, 'redirect_uri_mismatch'],
    ['a wrong secret', { client_secret: 'wrong' }, 400, 'invalid_client'],
    ['an unknown client', { client_id: 'nobody' }, 400, 'invalid_client'],
    ['no secret', { client_secret: '' }, 400, 'invalid_client'],
    ['another grant', { grant_type: 'authorization_code' }, 400, 'unsupported_grant_type'],
    ['no grant', { grant_type: '' }, 400, 'invalid_request'],
    ['a wrong password', { password: 'wrong' }, 401, 'invalid_grant'],
    ['an unknown user', { username: 'eve' }, 401, 'invalid_grant'],
    ['no password', { password: '' }, 400, 'invalid_request'],
  ])('refuses %s', async (_, changes, status, error) => {
    const refused = await vendor.postForm(tokenPath, { ...login, ...changes });

    expect(refused).toMatchObject({ status, body: { error } });
  });

  it('refuses a parameter under another name', async () => {
    const form = { ...without(login, 'username'), email: login.username };

    const refused = await vendor.postForm(tokenPath, form);

    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('reads a form and no JSON, and answers POST only', async () => {
    expect(await vendor.postJson(tokenPath, login)).toMatchObject({ status: 400 });
    expect(await vendor.send(tokenPath)).toMatchObject({ status: 405 });
  });

  it('refreshes with a new refresh token, and refuses a dead one by invalid_grant', async () => {
    const { body } = await vendor.postForm(tokenPath, login);

    const refreshed = await refresh(body.refresh_token);
    const dead = await refresh('dead');

    expect(refreshed.status).toBe(200);
    expect(refreshed.body.refresh_token).not.toBe(body.refresh_token);
    expect(dead).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, 2],
    ['a wrong password', { password: 'wrong' }, 7],
    ['a dead refresh token', { grant_type: 'refresh_token', refresh_token: 'dead' }, 3],
  ])('tells %s by status inside HTTP 200 where it is set so', async (_, changes, code) => {
    await vendor.control('settings', { token_errors: 'status_in_200' });

    const refused = await vendor.postForm(tokenPath, { ...login, ...changes });

    expect(refused).toMatchObject({ status: 200, body: { status: code } });
    expect(refused.body).not.toHaveProperty('access_token');
  });
});

describe('the API of Humanity', () => {
  it('takes the token in the query, or as Bearer', async () => {
    const { body } = await vendor.postForm(tokenPath, login);

    const byQuery = await vendor.send(`/api/v2/me?access_token=${body.access_token}`);
    const byHeader = await vendor.send('/api/v2/me', {
      headers: { authorization: `Bearer ${body.access_token}` },
    });

    for (const served of [byQuery, byHeader]) {
      expect(served).toMatchObject({ status: 200, body: { status: 1, data: { id: 'ann' } } });
    }
  });

  it('refuses the token in both places at once by 400', async () => {
    const { body } = await vendor.postForm(tokenPath, login);

    const refused = await vendor.send(`/api/v2/me?access_token=${body.access_token}`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    });

    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it.each(['/api/v2/me', '/api/v2/me?access_token=made-up', '/api/v2/me?token=made-up'])(
    'tells a missing or wrong token by status 3 inside HTTP 200: %s',
    async (path) => {
      expect(await vendor.send(path)).toMatchObject({ status: 200, body: { status: 3 } });
    },
  );
});
