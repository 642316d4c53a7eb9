import { describe, expect, it } from 'vitest';
import { aClientOf, json } from './token-endpoint-fixtures.ts';
import { ask, exchange, form, login, ours, refresh } from './wire-fixtures.ts';

describe('HURMA', () => {
  const client = aClientOf('hurma', { client_secret: 's3cret', params: { company: 'acme' } });
  const line = 'POST https://acme.hurma.work/api/v3/oauth/token';

  it.each([
    [
      'authorization_code',
      exchange,
      { code: 'c-1', redirect_uri: 'https://broker.example/callback/example-acme' },
    ],
    ['password', login, { username: 'ann@acme.example', password: 'p-1' }],
    ['refresh_token', refresh, { refresh_token: 'r-0' }],
  ])('is sent %s as its page says', async (grantType, request, parameters) => {
    expect(await ask(client, request)).toMatchObject({
      line,
      contentType: form,
      authorization: undefined,
    });
    expect((await ask(client, request)).parameters).toEqual({
      grant_type: grantType,
      ...ours,
      ...parameters,
    });
  });

  it.each([
    [401, 'invalid_request'],
    [400, 'invalid_grant'],
  ])('says with %d %s that a refresh token is dead', async (status, error) => {
    const { outcome } = await ask(
      client,
      refresh,
      json({ error, hint: 'Token revoked' }, { status }),
    );

    expect(outcome).toEqual({ outcome: 'grant_refused' });
  });

  it('says nothing about the grant with 401 invalid_request to another one', async () => {
    const { outcome } = await ask(
      client,
      exchange,
      json({ error: 'invalid_request' }, { status: 401 }),
    );

    expect(outcome).toEqual({ outcome: 'request_refused', error: 'invalid_request' });
  });
});
