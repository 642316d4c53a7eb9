import { describe, expect, it } from 'vitest';
import { tokenRevoker } from '../../../lib/oauth/revoke-token.ts';
import { type ProviderResponse, TransportError } from '../../../lib/oauth/transport.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClient, aClock, json, scriptedTransport, text } from './token-endpoint-fixtures.ts';

const revoke = { url: 'https://as.example/revoke' };
const refreshToken = new Secret('refresh_token', 'r-0');
const invalidClient = json({ error: 'invalid_client' }, { status: 401 });

const twoSecrets = () => ({
  ...aClient({ definition: { revoke } }),
  secrets: [new Secret('client_secret', 'new'), new Secret('client_secret', 'old')],
});

function revocation(client = aClient({ definition: { revoke } })) {
  return async (...script: (ProviderResponse | TransportError)[]) => {
    const transport = scriptedTransport(...script);
    const outcome = await tokenRevoker({ transport, clock: aClock() })(client, refreshToken, 1000);
    return { outcome, requests: transport.requests };
  };
}

describe('a revocation', () => {
  it('presents the token, its kind and the client (RFC 7009 §2.1)', async () => {
    const { outcome, requests } = await revocation()(text('', 'text/plain'));

    expect(outcome).toBe('revoked');
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: 'POST', url: 'https://as.example/revoke' });
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
      token: 'r-0',
      token_type_hint: 'refresh_token',
      client_id: 'our-id',
      client_secret: 's3cret',
    });
  });

  it("goes in the endpoint's own dialect", async () => {
    const client = aClient({
      definition: {
        revoke: {
          ...revoke,
          parameters_in: 'json',
          client_authentication: 'client_secret_basic',
          names: { token: 'refreshToken', token_type_hint: false },
        },
      },
    });

    const { requests } = await revocation(client)(json({ ok: true }));

    expect(requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from('our-id:s3cret').toString('base64')}`,
    });
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ refreshToken: 'r-0' });
  });

  it.each([
    ['a bare 200', text('', ''), 'revoked'],
    ['204', text('', '', { status: 204 }), 'revoked'],
    ['a page', text('<html>', 'text/html'), 'revoked'],
    ['invalid_token', json({ error: 'invalid_token' }, { status: 400 }), 'revoked'],
    ['invalid_grant', json({ error: 'invalid_grant' }, { status: 400 }), 'revoked'],
    [
      'unsupported_token_type',
      json({ error: 'unsupported_token_type' }, { status: 400 }),
      'unsupported',
    ],
    ['an error inside 200', json({ error: 'invalid_request' }), 'refused'],
    ['404 in JSON', json({ message: 'no' }, { status: 404 }), 'refused'],
    ['a WAF page', text('<html>', 'text/html', { status: 403 }), 'unavailable'],
    ['a redirect', text('', '', { status: 302 }), 'unavailable'],
    ['429', json({}, { status: 429 }), 'unavailable'],
    ['503', json({}, { status: 503 }), 'unavailable'],
    ['no answer', new TransportError('timeout', true), 'unavailable'],
  ])('ends by %s as %s', async (_, answer, expected) => {
    expect((await revocation()(answer)).outcome).toBe(expected);
  });

  it('tries the older client secret, and leaves it for later when both are refused', async () => {
    const client = twoSecrets();

    expect((await revocation(client)(invalidClient, json({}))).outcome).toBe('revoked');
    expect((await revocation(client)(invalidClient, invalidClient)).outcome).toBe('unavailable');
  });

  it('drops the older client secret once the newer has worked, until the next registration', async () => {
    const transport = scriptedTransport(json({}), invalidClient, invalidClient, json({}));
    const revoke = tokenRevoker({ transport, clock: aClock() });
    const client = twoSecrets();

    const outcomes = [
      await revoke(client, refreshToken, 1000),
      await revoke(client, refreshToken, 1000),
      await revoke({ ...client, version: 'next' }, refreshToken, 1000),
    ];

    expect(outcomes).toEqual(['revoked', 'unavailable', 'revoked']);
    const sent = transport.requests.map(({ body }) =>
      new URLSearchParams(body).get('client_secret'),
    );
    expect(sent).toEqual(['new', 'new', 'new', 'old']);
  });

  it('is refused, and nothing sent, where the provider has no revocation endpoint', async () => {
    expect(await revocation(aClient())()).toEqual({ outcome: 'refused', requests: [] });
  });
});
