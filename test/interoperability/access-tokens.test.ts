import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lib/providers/merge-patch.ts';
import { aBroker } from './a-broker.ts';
import { aRegistration } from './a-registration.ts';
import {
  type AuthorizationServer,
  aServerClient,
  introspect,
  jwtApi,
  startAuthorizationServer,
} from './an-authorization-server.ts';

const client_secret = 'a secret of thirty-two characters';
const post = { client_secret, token_endpoint_auth_method: 'client_secret_post' };

let server: AuthorizationServer;
beforeAll(async () => {
  server = await startAuthorizationServer([
    aServerClient({ client_id: 'app', ...post }),
    aServerClient({
      client_id: 'machine',
      ...post,
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    }),
  ]);
});
afterAll(() => server.close());

const brokerWith = (patch: JsonObject = {}) =>
  aBroker(aRegistration(server, { client_id: 'app', client_secret, ...patch }));

/** Names the API that the token is for, in both requests (RFC 8707 §2). */
const forTheApi: JsonObject = {
  scope: 'openid offline_access read',
  provider_overrides: {
    authorize: { params: { resource: jwtApi } },
    token: { params: { resource: jwtApi } },
  },
};

describe('an opaque access token', () => {
  it('lives as long as expires_in says, from the moment of the request (RFC 6749 §5.1)', async () => {
    const broker = brokerWith();
    await broker.connect();

    const { token, accessToken } = await broker.vend();

    expect(token).toMatchObject({
      tokenType: 'Bearer',
      expirySource: 'expires_in',
      scope: 'openid offline_access',
      expiresAt: token.obtainedAt + 3600,
    });
    expect(await introspect(server, accessToken.reveal())).toMatchObject({ active: true });
  });
});

describe('introspection (RFC 7662)', () => {
  /** Its answers tell no life by the name that this client knows. */
  const asking = (more: JsonObject = {}) =>
    brokerWith({
      provider_overrides: {
        answer: { expires_in: ['not_told'] },
        introspect: { url: `${server.issuer}/token/introspection`, ...more },
      },
    });

  it('tells when a token ends, where its answer does not', async () => {
    const broker = asking();
    await broker.connect();
    const first = await broker.vend();

    await broker.refresh();
    const second = await broker.vend();

    for (const { token, accessToken } of [first, second]) {
      const { exp } = await introspect(server, accessToken.reveal());
      expect(token).toMatchObject({ expirySource: 'introspection', expiresAt: exp });
      expect(exp).toBeGreaterThan(token.obtainedAt);
    }
    expect(second.accessToken.reveal()).not.toBe(first.accessToken.reveal());
  });

  it('at an endpoint that is not there tells nothing, and costs nothing else', async () => {
    const broker = asking({ url: `${server.issuer}/token/nowhere` });
    await broker.connect();

    expect((await broker.vend()).token).toMatchObject({ expirySource: 'unknown' });
  });
});

describe('an access token that is a JWT (RFC 9068), for an API that the request names', () => {
  it('is vended as it came, at the first exchange and after a refresh', async () => {
    const broker = brokerWith(forTheApi);
    await broker.connect();

    const first = await broker.vend();
    const reply = await broker.refresh();
    const second = await broker.vend();

    expect(reply.outcome).toBe('refreshed');
    for (const { token, accessToken } of [first, second]) {
      expect(decodeJwt(accessToken.reveal())).toMatchObject({ aud: jwtApi, scope: 'read' });
      expect(token).toMatchObject({ scope: 'read', expiresAt: token.obtainedAt + 900 });
    }
  });

  it('ends with its grant, which is revoked', async () => {
    const broker = brokerWith(forTheApi);
    await broker.connect();
    const refreshToken = (await broker.refreshToken()) ?? '';

    await broker.disconnect();

    expect(await introspect(server, refreshToken)).toEqual({ active: false });
  });

  it('is nothing to revoke by hand where the server takes no JWT back (RFC 7009 §2.2.1)', async () => {
    const broker = brokerWith(forTheApi);
    await broker.connect();

    await broker.disconnect();

    const events = broker.log.lines.map(({ event }) => event);
    expect(events).toContain('token_revoked');
    expect(events).not.toContain('not_revoked_at_provider');
  });
});

describe('revocation on disconnect (RFC 7009)', () => {
  it('kills the access token and the refresh token', async () => {
    const broker = brokerWith();
    await broker.connect();
    const tokens = [
      (await broker.vend()).accessToken.reveal(),
      (await broker.refreshToken()) ?? '',
    ];
    const before = await Promise.all(tokens.map((token) => introspect(server, token)));

    await broker.disconnect();

    const after = await Promise.all(tokens.map((token) => introspect(server, token)));
    expect(before.map(({ active }) => active)).toEqual([true, true]);
    expect(after.map(({ active }) => active)).toEqual([false, false]);
    await expect(broker.vend()).rejects.toMatchObject({ code: 'UNKNOWN_CONNECTION' });
  });

  it('kills what the last refresh brought, too', async () => {
    const broker = brokerWith();
    await broker.connect();
    await broker.refresh();
    const { accessToken } = await broker.vend();

    await broker.disconnect();

    expect(await introspect(server, accessToken.reveal())).toEqual({ active: false });
  });
});

describe('client_credentials (RFC 6749 §4.4)', () => {
  const machine: JsonObject = { client_id: 'machine', scope: null };

  it('connects without a person, and renews itself by the same grant', async () => {
    const broker = brokerWith(machine);

    const { created, connection } = await broker.connectAsClient();
    const first = await broker.vend();
    const reply = await broker.refresh();
    const second = await broker.vend();

    expect({ created, renewal: connection.renewal }).toEqual({
      created: true,
      renewal: ['client_credentials'],
    });
    expect(reply.outcome).toBe('refreshed');
    expect(second.accessToken.reveal()).not.toBe(first.accessToken.reveal());
    expect(second.token.expiresAt).toBe(second.token.obtainedAt + 600);
    expect(await introspect(server, second.accessToken.reveal())).toMatchObject({ active: true });
  });

  it('has its token revoked on disconnect', async () => {
    const broker = brokerWith(machine);
    await broker.connectAsClient();
    const { accessToken } = await broker.vend();

    await broker.disconnect();

    expect(await introspect(server, accessToken.reveal())).toEqual({ active: false });
  });

  it('is refused to a client that may not use it, in words that say whose fault it is', async () => {
    const broker = brokerWith({ scope: null });

    await expect(broker.connectAsClient()).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED_REQUEST',
      context: { error: 'invalid_request' },
    });
  });
});
