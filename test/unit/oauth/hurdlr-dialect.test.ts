import { describe, expect, it } from 'vitest';
import { aClientOf, json, sentAt } from './token-endpoint-fixtures.ts';
import { ask, exchange, form, ours, ownCredentials, refresh } from './wire-fixtures.ts';

describe('Hurdlr', () => {
  const registration = { client_secret: 's3cret', params: { environment: 'sandbox' } };
  const client = aClientOf('hurdlr', registration);
  const userId = { userId: 'acc 1' };

  it.each([
    ['authorization_code', exchange, { code: 'c-1' }],
    ['refresh_token', refresh, { refresh_token: 'r-0' }],
    ['client_credentials', { ...ownCredentials, params: userId }, userId],
  ])('is sent %s as its page says', async (grantType, request, parameters) => {
    const sent = await ask(client, request);

    expect(sent).toMatchObject({
      line: 'POST https://sandbox.hurdlr.com/rest/v5/accountant/token',
      contentType: form,
      authorization: undefined,
    });
    expect(sent.parameters).toEqual({ grant_type: grantType, ...ours, ...parameters });
  });

  it("is sent the registration's Bearer header, to the production host and for users", async () => {
    const production = aClientOf('hurdlr', {
      ...registration,
      params: { environment: 'production', tokens_for: 'user' },
      token_request_headers: { Authorization: 'Bearer static' },
    });

    expect(await ask(production, refresh)).toMatchObject({
      line: 'POST https://prod.hurdlr.com/rest/v5/auth/token',
      authorization: 'Bearer static',
    });
  });

  it('answers without token_type, its expiry counted from created_at', async () => {
    const { outcome } = await ask(
      client,
      refresh,
      json({
        access_token: '00f6b2b6.91d62087',
        refresh_token: '7369c0ee.56b43c61',
        expires_in: 7_776_000,
        created_at: sentAt - 40,
        scope: 'token',
      }),
    );

    expect(outcome).toMatchObject({
      outcome: 'granted',
      answer: {
        tokenType: 'Bearer',
        scope: 'token',
        expiresAt: sentAt - 40 + 7_776_000,
        expirySource: 'expires_in',
      },
    });
  });

  it('refuses the client_credentials grant without userId, and sends nothing', async () => {
    await expect(ask(client, ownCredentials)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});
