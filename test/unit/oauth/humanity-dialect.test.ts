import { describe, expect, it } from 'vitest';
import { aClientOf, json, sentAt } from './token-endpoint-fixtures.ts';
import { ask, form, login, ours, refresh } from './wire-fixtures.ts';

describe('Humanity', () => {
  const client = aClientOf('humanity', { client_secret: 's3cret' });

  it.each([
    ['password', login, { username: 'ann@acme.example', password: 'p-1' }],
    ['refresh_token', refresh, { refresh_token: 'r-0' }],
  ])('is sent %s as its page says', async (grantType, request, parameters) => {
    const sent = await ask(client, request);

    expect(sent).toMatchObject({
      line: 'POST https://www.humanity.com/oauth2/token.php',
      contentType: form,
      authorization: undefined,
    });
    expect(sent.parameters).toEqual({ grant_type: grantType, ...ours, ...parameters });
  });

  it('answers as its page says: scope null, bearer in lower case', async () => {
    const { outcome } = await ask(
      client,
      login,
      json({
        access_token: 'xxxxxxx',
        expires_in: 3600,
        token_type: 'bearer',
        scope: null,
        refresh_token: 'xxxxxxx',
      }),
    );

    expect(outcome).toMatchObject({
      outcome: 'granted',
      answer: { tokenType: 'Bearer', expiresAt: sentAt + 3600 },
    });
  });

  it.each([
    [3, refresh, { outcome: 'grant_refused' }],
    [7, login, { outcome: 'grant_refused' }],
    [2, refresh, { outcome: 'client_refused' }],
    [91, refresh, { outcome: 'unavailable', trouble: 'rate_limited', undecided: false }],
  ])('says with status %d inside HTTP 200 what went wrong', async (status, request, expected) => {
    const { outcome } = await ask(client, request, json({ status, data: '', error: 'No.' }));

    expect(outcome).toMatchObject(expected);
  });
});
