import { describe, expect, it } from 'vitest';
import { aClientOf, json, sentAt } from './token-endpoint-fixtures.ts';
import { ask, exchange, refresh } from './wire-fixtures.ts';

describe('HyperSKU', () => {
  const client = aClientOf('hypersku', { client_secret: 's3cret' });
  const answer = {
    accessToken: 'a-1',
    expiresIn: 7200,
    refreshToken: 'r-1',
    refreshTokenExpireIn: 0,
    scope: 'oms',
    userId: 'u-1',
  };

  it('is sent the code in JSON, in camelCase', async () => {
    const sent = await ask(client, exchange);

    expect(sent).toMatchObject({
      line: 'POST https://api.hypersku.com/api/auth/admin/token/access_token',
      contentType: 'application/json',
      authorization: undefined,
    });
    expect(sent.parameters).toEqual({ clientId: 'our-id', clientSecret: 's3cret', code: 'c-1' });
  });

  it.each([
    ['flat', answer],
    ['in an envelope', { status: 200, data: answer }],
  ])('is understood %s', async (_, body) => {
    const { outcome } = await ask(client, exchange, json(body));

    expect(outcome).toMatchObject({
      outcome: 'granted',
      answer: { scope: 'oms', accountId: 'u-1', expiresAt: sentAt + 7200 },
    });
    expect(outcome).not.toHaveProperty('answer.refreshTokenExpiresAt');
  });

  it('takes an expiry of 0 for unknown, as in the example of its page', async () => {
    const { outcome } = await ask(client, exchange, json({ ...answer, expiresIn: 0 }));

    expect(outcome).toMatchObject({ outcome: 'granted', answer: { expirySource: 'unknown' } });
  });

  it('has no refresh until somebody sets its URL, and then one in camelCase', async () => {
    const told = aClientOf('hypersku', {
      client_secret: 's3cret',
      provider_overrides: {
        grants: { refresh_token: { url: 'https://api.hypersku.com/refresh' } },
      },
    });

    await expect(ask(client, refresh)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect((await ask(told, refresh)).parameters).toEqual({
      clientId: 'our-id',
      clientSecret: 's3cret',
      refreshToken: 'r-0',
    });
  });

  it('answers an error in its envelope without a token', async () => {
    const { outcome } = await ask(client, exchange, json({ status: 40101, message: 'no' }));

    expect(outcome).toEqual({
      outcome: 'answer_invalid',
      trouble: 'no_access_token',
      httpStatus: 200,
    });
  });
});
