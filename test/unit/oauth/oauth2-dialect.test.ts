import { describe, expect, it } from 'vitest';
import { aClientOf } from './token-endpoint-fixtures.ts';
import { ask, exchange, form, login, ours, ownCredentials, refresh } from './wire-fixtures.ts';

describe('a plain OAuth 2.0 provider', () => {
  const client = aClientOf('oauth2', {
    client_secret: 's3cret',
    provider_overrides: {
      authorize: { url: 'https://as.example/authorize' },
      token: { url: 'https://as.example/token' },
    },
  });

  it.each([
    [
      'authorization_code',
      exchange,
      { code: 'c-1', redirect_uri: 'https://broker.example/callback/example-acme' },
    ],
    ['refresh_token', refresh, { refresh_token: 'r-0' }],
    ['password', login, { username: 'ann@acme.example', password: 'p-1' }],
    ['client_credentials', ownCredentials, {}],
  ])('is sent %s as RFC 6749 has it', async (grantType, request, parameters) => {
    const sent = await ask(client, request);

    expect(sent).toMatchObject({ line: 'POST https://as.example/token', contentType: form });
    expect(sent.parameters).toEqual({ grant_type: grantType, ...ours, ...parameters });
  });
});
