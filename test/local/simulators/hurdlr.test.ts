import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoHurdlrPartnerToken } from '../../../local/simulators/demo-accounts.ts';
import { hurdlr } from '../../../local/simulators/hurdlr.ts';
import { aSimulator, redirectUriOf, type SimulatorUnderTest, without } from './a-simulator.ts';

const tokenPath = '/rest/v5/accountant/token';
const client = { client_id: 'demo-hurdlr-client', client_secret: 'demo-hurdlr-secret' };
const authorization = {
  response_type: 'code',
  client_id: client.client_id,
  redirect_uri: redirectUriOf('hurdlr-acme'),
  state: 's-1',
};
const forUser = { grant_type: 'client_credentials', ...client, userId: 'ann' };

let vendor: SimulatorUnderTest;

beforeEach(async () => {
  vendor = await aSimulator(hurdlr);
});
afterEach(() => vendor.close());

async function exchange(changes: Readonly<Record<string, string>> = {}) {
  const allowed = await vendor.consent('/oauth/authorize', authorization);
  const code = allowed.callback.get('code') ?? '';
  return vendor.postForm(tokenPath, {
    grant_type: 'authorization_code',
    ...client,
    code,
    ...changes,
  });
}

describe('the authorize website of Hurdlr', () => {
  it('sends the browser back with a code, or with access_denied', async () => {
    const allowed = await vendor.consent('/oauth/authorize', authorization);
    const denied = await vendor.consent('/oauth/authorize', authorization, { decision: 'deny' });

    expect(allowed.callback.get('code')).toBeTruthy();
    expect(denied.callback.get('error')).toBe('access_denied');
  });

  it.each([
    ['the redirect URI is another', { redirect_uri: 'http://127.0.0.1:3999/elsewhere' }],
    ['the client is unknown', { client_id: 'nobody' }],
  ])('sends nobody anywhere when %s', async (_, changes) => {
    const refused = await vendor.consent('/oauth/authorize', { ...authorization, ...changes });

    expect(refused).toMatchObject({ status: 400, body: { result: 'FAILURE' } });
    expect(refused.headers.has('location')).toBe(false);
  });
});

describe('the token endpoint of Hurdlr', () => {
  it('answers with created_at, without token_type, in tokens of two hex parts', async () => {
    const { status, body } = await exchange();

    expect(status).toBe(200);
    expect(body).toMatchObject({
      access_token: expect.stringMatching(/^[0-9a-f]{64}\.[0-9a-f]{32}$/),
      refresh_token: expect.stringMatching(/^[0-9a-f]{64}\.[0-9a-f]{32}$/),
      expires_in: 7_776_000,
      created_at: vendor.clock.now(),
      scope: 'token',
    });
    expect(body).not.toHaveProperty('token_type');
  });

  it('serves users at /auth/token by the same rules', async () => {
    expect((await vendor.postForm('/rest/v5/auth/token', forUser)).status).toBe(200);
  });

  it('gives a token for a userId, with a refresh token only where it is set so', async () => {
    const bare = await vendor.postForm(tokenPath, forUser);
    await vendor.control('settings', { client_credentials_refresh_token: true });
    const full = await vendor.postForm(tokenPath, forUser);

    expect(bare.body).not.toHaveProperty('refresh_token');
    expect(full.body.refresh_token).toBeTruthy();
  });

  it.each([
    ['a redirect_uri, which it does not know', { redirect_uri: 'x' }, 400, 'invalid_request'],
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['an unknown client', { client_id: 'nobody' }, 401, 'invalid_client'],
    ['an unknown grant', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['a code that was never issued', { code: 'made-up' }, 400, 'invalid_grant'],
    ['an empty code', { code: '' }, 400, 'invalid_request'],
  ])('refuses %s', async (_, changes, status, error) => {
    expect(await exchange(changes)).toMatchObject({ status, body: { error } });
  });

  it.each([
    ['an unknown user', { ...forUser, userId: 'eve' }],
    ['no user', without(forUser, 'userId')],
    ['user_id for userId', { ...without(forUser, 'userId'), user_id: 'ann' }],
  ])('refuses client credentials with %s', async (_, form) => {
    const refused = await vendor.postForm(tokenPath, form);

    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('reads a form and no JSON', async () => {
    const refused = await vendor.postJson(tokenPath, forUser);

    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('tells an error as the list of its API where it is set so', async () => {
    await vendor.control('settings', { token_errors: 'list' });

    const refused = await vendor.postForm(tokenPath, { ...forUser, client_secret: 'wrong' });

    expect(refused).toMatchObject({
      status: 401,
      body: { result: 'FAILURE', data: null, error: [{ type: 'INVALID_CREDENTIALS' }] },
    });
  });

  it('wants its Bearer header where the switch is on', async () => {
    await vendor.control('settings', { token_endpoint_bearer: true });

    const refused = await vendor.postForm(tokenPath, forUser);
    const served = await vendor.postForm(tokenPath, forUser, {
      authorization: `Bearer ${demoHurdlrPartnerToken}`,
    });

    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(served.status).toBe(200);
  });

  it('takes a code once, and ends what it brought when it comes again', async () => {
    const allowed = await vendor.consent('/oauth/authorize', authorization);
    const code = allowed.callback.get('code') ?? '';
    const first = await exchange({ code });

    const second = await exchange({ code });

    expect(second).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await accountants(first.body.access_token)).toMatchObject({ status: 401 });
  });

  it('refreshes and keeps the refresh token', async () => {
    const { body } = await exchange();
    const form = { grant_type: 'refresh_token', ...client, refresh_token: body.refresh_token };

    const refreshed = await vendor.postForm(tokenPath, form);

    expect(refreshed.body.refresh_token).toBe(body.refresh_token);
    expect(refreshed.body.access_token).not.toBe(body.access_token);
  });
});

const accountants = (token: string, query = '') =>
  vendor.send(`/rest/v5/accountants${query}`, { headers: { authorization: `Bearer ${token}` } });

describe('the API of Hurdlr', () => {
  it('serves a live Bearer token', async () => {
    const { body } = await exchange();

    expect(await accountants(body.access_token)).toMatchObject({
      status: 200,
      body: { result: 'SUCCESS', data: [{ userId: 'ann' }] },
    });
  });

  it('tells an expired token from a wrong one', async () => {
    const { body } = await exchange();
    vendor.clock.advance(7_776_000);

    const expired = await accountants(body.access_token);
    const wrong = await accountants('made-up');

    expect(expired).toMatchObject({ status: 401, body: { error: [{ type: 'EXPIRED_TOKEN' }] } });
    expect(wrong).toMatchObject({ status: 401, body: { error: [{ type: 'INVALID_TOKEN' }] } });
  });

  it('refuses a token in the query, alone or beside the header', async () => {
    const { body } = await exchange();
    const query = `?access_token=${body.access_token}`;

    const alone = await vendor.send(`/rest/v5/accountants${query}`);
    const both = await accountants(body.access_token, query);

    for (const refusal of [alone, both]) {
      expect(refusal).toMatchObject({ status: 400, body: { error: [{ type: 'BAD_REQUEST' }] } });
    }
  });
});
