import { exportJWK, type GenerateKeyPairResult, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lib/providers/merge-patch.ts';
import { aBroker } from './a-broker.ts';
import { aRegistration } from './a-registration.ts';
import {
  type AuthorizationServer,
  aServerClient,
  introspect,
  startAuthorizationServer,
} from './an-authorization-server.ts';

/** Every character of it is one that form encoding, Basic or a URL has a use for. */
const oddSecret = 'a:b%20c+d/e=f&g~h i"j';
const oddId = 'acme: app+1%2F';

const clientSecret = 'a secret of thirty-two characters';

const keys: Record<'ES256' | 'RS256', GenerateKeyPairResult> = {
  ES256: await generateKeyPair('ES256', { extractable: true }),
  RS256: await generateKeyPair('RS256', { extractable: true }),
};

const publicJwks = async (alg: 'ES256' | 'RS256') => ({
  keys: [{ ...(await exportJWK(keys[alg].publicKey)), alg, kid: alg, use: 'sig' }],
});

const privateJwk = async (alg: 'ES256' | 'RS256') =>
  ({ ...(await exportJWK(keys[alg].privateKey)), alg, kid: alg }) as JsonObject;

let server: AuthorizationServer;
beforeAll(async () => {
  const method = (name: string) => ({ token_endpoint_auth_method: name });
  server = await startAuthorizationServer([
    aServerClient({ client_id: 'by-basic', client_secret: clientSecret }),
    aServerClient({ client_id: oddId, client_secret: oddSecret }),
    aServerClient({
      client_id: 'by-post',
      client_secret: oddSecret,
      ...method('client_secret_post'),
    }),
    aServerClient({ client_id: 'public', ...method('none') }),
    aServerClient({
      client_id: 'by-ES256',
      ...method('private_key_jwt'),
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: await publicJwks('ES256'),
    }),
    aServerClient({
      client_id: 'by-RS256',
      ...method('private_key_jwt'),
      token_endpoint_auth_signing_alg: 'RS256',
      jwks: await publicJwks('RS256'),
    }),
  ]);
});
afterAll(() => server.close());

const basic = {
  token: { client_authentication: 'client_secret_basic' },
  revoke: { client_authentication: 'client_secret_basic' },
} as const;

/** Connects, vends, refreshes and disconnects, and has each step confirmed by the server. */
async function expectWholeLife(patch: JsonObject): Promise<void> {
  const broker = aBroker(aRegistration(server, patch));

  const ending = await broker.connect();
  const first = (await broker.vend()).accessToken.reveal();
  const firstIsActive = (await introspect(server, first)).active;
  const refreshed = await broker.refresh();
  const second = (await broker.vend()).accessToken.reveal();
  const secondIsActive = (await introspect(server, second)).active;
  await broker.disconnect();

  expect(ending.status).toBe('connected');
  expect({ firstIsActive, secondIsActive }).toEqual({ firstIsActive: true, secondIsActive: true });
  expect(refreshed.outcome).toBe('refreshed');
  expect(second).not.toBe(first);
  expect(await introspect(server, second)).toEqual({ active: false });
}

describe('a client of a certified server lives a whole life', () => {
  it('authenticated by client_secret_post (RFC 6749 §2.3.1)', () =>
    expectWholeLife({ client_id: 'by-post', client_secret: oddSecret }));

  it('authenticated by client_secret_basic (RFC 6749 §2.3.1)', () =>
    expectWholeLife({
      client_id: 'by-basic',
      client_secret: clientSecret,
      provider_overrides: basic,
    }));

  it('authenticated by client_secret_basic with characters that have to be encoded', () =>
    expectWholeLife({ client_id: oddId, client_secret: oddSecret, provider_overrides: basic }));

  it.each(['ES256', 'RS256'] as const)(
    'authenticated by private_key_jwt with %s, for the issuer (RFC 7523 §3)',
    async (alg) => expectWholeLife({ client_id: `by-${alg}`, private_key: await privateJwk(alg) }),
  );

  it.each(['ES256', 'RS256'] as const)(
    'authenticated by private_key_jwt with %s, for the endpoint where no issuer is declared',
    async (alg) =>
      expectWholeLife({
        client_id: `by-${alg}`,
        private_key: await privateJwk(alg),
        provider_overrides: { authorize: { issuer: null } },
      }),
  );

  it('as a public client, by PKCE alone (RFC 6749 §2.1)', () =>
    expectWholeLife({ client_id: 'public' }));
});

it('a private key that the server does not know is a refused client, not a failed grant', async () => {
  const stranger = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(stranger.privateKey)), alg: 'ES256' } as JsonObject;
  const broker = aBroker(aRegistration(server, { client_id: 'by-ES256', private_key: key }));

  const ending = await broker.connect();

  expect(ending).toMatchObject({ status: 'failed', error: 'client_refused' });
});
