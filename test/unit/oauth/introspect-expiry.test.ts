import { describe, expect, it } from 'vitest';
import { expiryIntrospector } from '../../../lib/oauth/introspect-expiry.ts';
import { type ProviderResponse, TransportError } from '../../../lib/oauth/transport.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClient, aClock, json, scriptedTransport, text } from './token-endpoint-fixtures.ts';

const introspect = { url: 'https://as.example/introspect' };
const accessToken = new Secret('access_token', 'a-0');
const now = aClock().now();

function introspection(client = aClient({ definition: { introspect } })) {
  return async (...script: (ProviderResponse | TransportError)[]) => {
    const transport = scriptedTransport(...script);
    const expiresAt = await expiryIntrospector({ transport, clock: aClock() })(
      client,
      accessToken,
      1000,
    );
    return { expiresAt, requests: transport.requests };
  };
}

describe('an introspection', () => {
  it('presents the token, its kind and the client (RFC 7662 §2.1)', async () => {
    const { expiresAt, requests } = await introspection()(json({ active: true, exp: now + 60 }));

    expect(expiresAt).toBe(now + 60);
    expect(requests[0]).toMatchObject({ method: 'POST', url: 'https://as.example/introspect' });
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
      token: 'a-0',
      token_type_hint: 'access_token',
      client_id: 'our-id',
      client_secret: 's3cret',
    });
  });

  it("goes in the endpoint's own dialect, and is read by its paths", async () => {
    const client = aClient({
      definition: {
        introspect: {
          ...introspect,
          parameters_in: 'json',
          names: { token: 'accessToken', token_type_hint: false },
          answer: { active: ['data.valid'], exp: ['data.exp'], expires_in: ['data.ttl'] },
        },
      },
    });

    const { expiresAt, requests } = await introspection(client)(
      json({ data: { valid: 'true', ttl: '120' } }),
    );

    expect(expiresAt).toBe(now + 120);
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({ accessToken: 'a-0' });
  });

  it.each([
    ['no `active` at all', json({ exp: now + 60 }), now + 60],
    ['an instant in ISO 8601', json({ active: true, exp: '2999-01-01T00:00:00Z' }), undefined],
    ['an inactive token', json({ active: false, exp: now + 60 }), undefined],
    ['no end', json({ active: true }), undefined],
    ['an end that has passed', json({ active: true, exp: now }), undefined],
    ['an absurd end', json({ active: true, exp: 1e15 }), undefined],
    ['an error inside 200', json({ error: 'invalid_request' }), undefined],
    ['404 in JSON', json({ message: 'no' }, { status: 404 }), undefined],
    ['a page', text('<html>', 'text/html'), undefined],
    ['503', json({}, { status: 503 }), undefined],
    ['no answer', new TransportError('timeout', true), undefined],
  ])('makes of %s: %s', async (_, answer, expected) => {
    expect((await introspection()(answer)).expiresAt).toBe(expected);
  });

  it('tries the older client secret after the newer is refused', async () => {
    const client = {
      ...aClient({ definition: { introspect } }),
      secrets: [new Secret('client_secret', 'new'), new Secret('client_secret', 'old')],
    };
    const refused = json({ error: 'invalid_client' }, { status: 401 });

    const told = await introspection(client)(refused, json({ active: true, exp: now + 60 }));
    const untold = await introspection(client)(refused, refused);

    expect(told.expiresAt).toBe(now + 60);
    expect(told.requests).toHaveLength(2);
    expect(untold.expiresAt).toBeUndefined();
  });

  it('is not sent where the definition has none', async () => {
    const { expiresAt, requests } = await introspection(aClient())();

    expect(expiresAt).toBeUndefined();
    expect(requests).toEqual([]);
  });
});
