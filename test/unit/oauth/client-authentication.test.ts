import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { tokenRequester } from '../../../lib/oauth/request-token.ts';
import type { TokenRequest } from '../../../lib/oauth/token-endpoint.ts';
import { type Transport, TransportError } from '../../../lib/oauth/transport.ts';
import type { Client } from '../../../lib/providers/client.ts';
import { Secret } from '../../../lib/secret.ts';
import {
  aClient,
  aClock,
  json,
  scriptedTransport,
  sentAt,
  text,
} from './token-endpoint-fixtures.ts';

const granted = json({ access_token: 'a-1', token_type: 'bearer' });
const clientRefused = json({ error: 'invalid_client' }, { status: 401 });

const refresh: TokenRequest = {
  grantType: 'refresh_token',
  refreshToken: new Secret('refresh_token', 'r-0'),
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

describe('client authentication', () => {
  it('is HTTP Basic with both parts form-encoded (RFC 6749 §2.3.1)', async () => {
    const client = aClient({
      definition: {
        token: { url: 'https://as.example/token', client_authentication: 'client_secret_basic' },
      },
      registration: { client_id: 'our-id_1.x', client_secret: 'a:b c%é' },
    });

    const sent = await wireRequest(client, refresh);

    const credentials = Buffer.from(sent.headers.authorization?.slice(6) ?? '', 'base64');
    expect(sent.headers.authorization).toMatch(/^Basic /);
    expect(credentials.toString()).toBe('our-id_1.x:a%3Ab+c%25%C3%A9');
    expect(new URLSearchParams(sent.body).has('client_secret')).toBe(false);
    expect(new URLSearchParams(sent.body).has('client_id')).toBe(false);
  });

  it('of a public client is its id (RFC 6749 §3.2.1)', async () => {
    const definition = {
      name: 'example',
      title: 'Example',
      documentation: 'https://as.example/docs',
      token: { url: 'https://as.example/token', client_authentication: 'client_secret_basic' },
      grants: { refresh_token: {} },
    };
    const client = { ...aClient({ definition }), secrets: [] };

    const sent = await wireRequest(client, refresh);

    expect(sent.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(sent.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'r-0',
      client_id: 'our-id',
    });
  });

  it.each([
    ['EC', 'ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['OKP', 'EdDSA', generateKeyPairSync('ed25519')],
    ['RSA', 'PS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ])(
    'with a private key of kind %s is a signed assertion (RFC 7523 §2.2)',
    async (_, alg, pair) => {
      const jwk = { ...pair.privateKey.export({ format: 'jwk' }), alg, kid: 'k-1' };
      const privateKey = new Secret('private_key', JSON.stringify(jwk));
      const client = { ...aClient(), secrets: [], privateKey };

      const sent = await wireRequest(client, refresh);

      const form = new URLSearchParams(sent.body);
      const { payload, protectedHeader } = await jwtVerify(
        form.get('client_assertion') ?? '',
        createPublicKey(pair.privateKey),
        { audience: 'https://as.example/token', currentDate: new Date(sentAt * 1000) },
      );
      expect(form.get('client_assertion_type')).toBe(
        'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      );
      expect(form.has('client_secret')).toBe(false);
      expect(protectedHeader).toMatchObject({ alg, kid: 'k-1' });
      expect(payload).toMatchObject({ iss: 'our-id', sub: 'our-id', exp: sentAt + 60 });
    },
  );

  it.each([
    ['no JSON', 'nonsense'],
    ['a public key', JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'eA', y: 'eQ', alg: 'ES256' })],
    ['a symmetric key', JSON.stringify({ kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' })],
    [
      'a broken key',
      JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'eA', y: 'eQ', d: 'ZA', alg: 'ES256' }),
    ],
  ])('with a private key that is %s is a fault of the registration', async (_, jwk) => {
    const client = { ...aClient(), privateKey: new Secret('private_key', jwk) };

    await expect(wireRequest(client, refresh)).rejects.toMatchObject({
      code: 'REGISTRATION_INVALID',
      context: { client: 'example-acme' },
    });
  });
});

describe('two client secrets', () => {
  const client = () =>
    aClient({
      registration: { client_secret: undefined, client_secrets: ['new', 'old'] } as never,
    });
  const secretsSent = (transport: ReturnType<typeof scriptedTransport>) =>
    transport.requests.map(({ body }) => new URLSearchParams(body).get('client_secret'));

  it('are tried newest first', async () => {
    const transport = scriptedTransport(granted);

    const outcome = await tokenRequester({ transport, clock: aClock() })(client(), refresh, 1000);

    expect(secretsSent(transport)).toEqual(['new']);
    expect(outcome).not.toHaveProperty('byOlderSecret');
  });

  it('are both tried after a well-formed invalid_client, in one deadline', async () => {
    const scripted = scriptedTransport(clientRefused, granted);
    const clock = aClock();
    const slow: Transport = async (request, timeoutMs) => {
      clock.passMs(300);
      return scripted(request, timeoutMs);
    };

    const outcome = await tokenRequester({ transport: slow, clock })(client(), refresh, 1000);

    expect(outcome).toMatchObject({ outcome: 'granted', byOlderSecret: true });
    expect(secretsSent(scripted)).toEqual(['new', 'old']);
    expect(scripted.timeouts).toEqual([1000, 700]);
  });

  it('are both refused before the client is', async () => {
    const transport = scriptedTransport(clientRefused, clientRefused);

    const outcome = await tokenRequester({ transport, clock: aClock() })(client(), refresh, 1000);

    expect(outcome).toEqual({ outcome: 'client_refused' });
  });

  it('leave the client unjudged when no time is left for the older', async () => {
    const clock = aClock();
    const slow: Transport = async () => {
      clock.passMs(1000);
      return clientRefused;
    };

    const outcome = await tokenRequester({ transport: slow, clock })(client(), refresh, 1000);

    expect(outcome).toEqual({ outcome: 'unavailable', trouble: 'timeout', undecided: false });
  });

  it.each([
    ['another error', json({ error: 'invalid_grant' }, { status: 400 })],
    ['a page of HTML', text('<html>', 'text/html', { status: 401 })],
    ['a bare 401', json({ message: 'no' }, { status: 401 })],
    ['503', json({ error: 'invalid_client' }, { status: 503 })],
    ['no answer', new TransportError('timeout', true)],
  ])('are not both tried after %s', async (_, answer) => {
    const transport = scriptedTransport(answer);

    await tokenRequester({ transport, clock: aClock() })(client(), refresh, 1000);

    expect(secretsSent(transport)).toEqual(['new']);
  });
});
