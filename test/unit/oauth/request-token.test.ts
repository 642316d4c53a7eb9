import { describe, expect, it } from 'vitest';
import { tokenRequester } from '../../../lib/oauth/request-token.ts';
import type { TokenRequest } from '../../../lib/oauth/token-endpoint.ts';
import { type Transport, TransportError } from '../../../lib/oauth/transport.ts';
import type { Client } from '../../../lib/providers/client.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClient, aClock, json, scriptedTransport } from './token-endpoint-fixtures.ts';

const granted = json({ access_token: 'a-1', token_type: 'bearer' });

const refresh: TokenRequest = {
  grantType: 'refresh_token',
  refreshToken: new Secret('refresh_token', 'r-0'),
  params: {},
};
const exchange: TokenRequest = {
  grantType: 'authorization_code',
  code: new Secret('authorization_code', 'c&1'),
  redirectUri: 'https://broker.example/callback/example-acme',
  codeVerifier: new Secret('code_verifier', 'v-1'),
  params: {},
};

/** The one request that goes out for `request`. */
async function wireRequest(client: Client, request: TokenRequest) {
  const transport = scriptedTransport(granted);
  await tokenRequester({ transport, clock: aClock() })(client, request, 1000);
  const [sent] = transport.requests;
  if (sent === undefined) throw new Error('nothing was sent');
  return sent;
}

describe('a token request', () => {
  it('is a form with the grant and the client in it (RFC 6749 §4.1.3, RFC 7636 §4.5)', async () => {
    const sent = await wireRequest(aClient(), exchange);

    expect(sent).toMatchObject({ method: 'POST', url: 'https://as.example/token' });
    expect(sent.headers).toEqual({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'evergrant',
    });
    expect(Object.fromEntries(new URLSearchParams(sent.body))).toEqual({
      grant_type: 'authorization_code',
      code: 'c&1',
      redirect_uri: 'https://broker.example/callback/example-acme',
      code_verifier: 'v-1',
      client_id: 'our-id',
      client_secret: 's3cret',
    });
  });

  it('has no code_verifier where the flow had no PKCE', async () => {
    const { codeVerifier: _, ...withoutPkce } = exchange;

    const sent = await wireRequest(aClient(), withoutPkce);

    expect(new URLSearchParams(sent.body).has('code_verifier')).toBe(false);
  });

  it('asks for a scope as the provider joins it (RFC 6749 §4.3.2, §4.4.2)', async () => {
    const client = aClient({ definition: { scope: { separator: ',' } } });
    const password = new Secret('password', 'p w');

    const owner = await wireRequest(client, {
      grantType: 'password',
      username: 'ann@acme.example',
      password,
      scope: 'read write',
      params: {},
    });
    const own = await wireRequest(client, { grantType: 'client_credentials', params: {} });

    expect(Object.fromEntries(new URLSearchParams(owner.body))).toMatchObject({
      username: 'ann@acme.example',
      password: 'p w',
      scope: 'read,write',
    });
    expect(new URLSearchParams(own.body).has('scope')).toBe(false);
  });

  it('goes in JSON, renamed, with parameters dropped and added', async () => {
    const client = aClient({
      definition: {
        params: { tenant: { of: 'connection', description: 'the tenant' } },
        token: {
          url: 'https://as.example/token',
          parameters_in: 'json',
          names: { grant_type: false, client_id: 'clientId', refresh_token: 'refreshToken' },
          params: { audience: 'api of {tenant}' },
          headers: { 'X-Tenant': '{tenant}' },
        },
      },
    });

    const sent = await wireRequest(client, { ...refresh, params: { tenant: 'acme' } });

    expect(sent.headers).toMatchObject({ 'content-type': 'application/json', 'x-tenant': 'acme' });
    expect(JSON.parse(sent.body ?? '')).toEqual({
      refreshToken: 'r-0',
      clientId: 'our-id',
      client_secret: 's3cret',
      audience: 'api of acme',
    });
  });

  it.each(['GET', 'POST'])('goes in the query of a %s, beside what the URL has', async (method) => {
    const client = aClient({
      definition: {
        token: { url: 'https://as.example/token?v=2', method, parameters_in: 'query' },
      },
    });

    const sent = await wireRequest(client, refresh);

    expect(sent.method).toBe(method);
    expect(sent.body).toBeUndefined();
    expect(sent.headers['content-type']).toBeUndefined();
    expect(Object.fromEntries(new URL(sent.url).searchParams)).toEqual({
      v: '2',
      grant_type: 'refresh_token',
      refresh_token: 'r-0',
      client_id: 'our-id',
      client_secret: 's3cret',
    });
  });

  it('may have a grant type of its own, and another URL for one grant', async () => {
    const client = aClient({
      definition: {
        grants: {
          refresh_token: {
            url: 'https://as.example/refresh',
            names: { grant_type: false },
            params: { grant_type: 'extend_token' },
          },
        },
      },
    });

    const sent = await wireRequest(client, refresh);

    expect(sent.url).toBe('https://as.example/refresh');
    expect(new URLSearchParams(sent.body).getAll('grant_type')).toEqual(['extend_token']);
  });

  it("carries the registration's own headers", async () => {
    const client = aClient({
      registration: { token_request_headers: { Authorization: 'Bearer partner-key' } },
    });

    expect((await wireRequest(client, refresh)).headers.authorization).toBe('Bearer partner-key');
  });

  it('is not sent for a grant that the definition does not offer', async () => {
    const client = aClient({ definition: { grants: { password: {} } } });
    const transport = scriptedTransport();

    await expect(
      tokenRequester({ transport, clock: aClock() })(client, refresh, 1000),
    ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(transport.requests).toEqual([]);
  });
});

describe('a request without an answer', () => {
  it.each([
    ['timeout', true],
    ['timeout', false],
    ['network', false],
    ['address_refused', false],
    ['too_large', true],
  ] as const)('ends as unavailable: %s, sent %s', async (trouble, sent) => {
    const transport = scriptedTransport(new TransportError(trouble, sent));

    expect(await tokenRequester({ transport, clock: aClock() })(aClient(), refresh, 1000)).toEqual({
      outcome: 'unavailable',
      trouble,
      undecided: sent,
    });
  });

  it('ends as unavailable whatever a transport throws', async () => {
    const transport: Transport = async () => {
      throw new RangeError('of some kind');
    };

    expect(await tokenRequester({ transport, clock: aClock() })(aClient(), refresh, 1000)).toEqual({
      outcome: 'unavailable',
      trouble: 'network',
      undecided: true,
    });
  });

  it('ends as unavailable, nothing sent, when a header cannot be carried', async () => {
    const client = {
      ...aClient(),
      tokenRequestHeaders: { 'x-key': new Secret('header', 'a\nb') },
    };
    const transport = scriptedTransport();

    expect(await tokenRequester({ transport, clock: aClock() })(client, refresh, 1000)).toEqual({
      outcome: 'unavailable',
      trouble: 'malformed',
      undecided: false,
    });
    expect(transport.requests).toEqual([]);
  });
});
