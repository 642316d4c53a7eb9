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

const rightSecret = 'a secret of thirty-two characters';
const wrongSecret = 'one that nobody has registered yet';

const methods = ['client_secret_post', 'client_secret_basic'] as const;
type Method = (typeof methods)[number];

let server: AuthorizationServer;
beforeAll(async () => {
  server = await startAuthorizationServer(
    methods.map((method) =>
      aServerClient({
        client_id: method,
        client_secret: rightSecret,
        token_endpoint_auth_method: method,
      }),
    ),
  );
});
afterAll(() => server.close());

const registrationWith = (method: Method, secrets: JsonObject) =>
  aRegistration(server, {
    client_id: method,
    ...secrets,
    provider_overrides: {
      token: { client_authentication: method },
      revoke: { client_authentication: method },
    },
  });

describe.each(methods)('a wrong client secret, sent by %s', (method) => {
  const right = () => registrationWith(method, { client_secret: rightSecret });
  const wrong = () => registrationWith(method, { client_secret: wrongSecret });

  it('ends a redirect flow as client_refused', async () => {
    const ending = await aBroker(wrong()).connect();

    expect(ending).toMatchObject({ status: 'failed', error: 'client_refused' });
  });

  it('stops the client and leaves its connection as it was', async () => {
    const broker = aBroker(right());
    await broker.connect();
    const { state, sealedCredential, committedFence } = await broker.row();
    broker.register(wrong());

    const reply = await broker.refresh();

    expect(reply).toMatchObject({ outcome: 'failing', warning: { code: 'client_refused' } });
    expect(await broker.clientStatus.read(broker.client)).toMatchObject({
      refusedVersion: 'version-2',
    });
    const after = await broker.row();
    expect(after).toMatchObject({ state, sealedCredential, committedFence, failures: 0 });
    expect(after).not.toHaveProperty('lease');
    expect(after).not.toHaveProperty('intent');
  });

  it('is sent once only: the living token is vended with a warning meanwhile', async () => {
    const broker = aBroker(right());
    await broker.connect();
    broker.register(wrong());
    await broker.refresh();
    const calls = broker.requests.length;

    await broker.refresh();
    const { accessToken, warning } = await broker.vend();

    expect(broker.requests.length - calls).toBe(0);
    expect(warning?.code).toBe('client_refused');
    expect(await introspect(server, accessToken.reveal())).toMatchObject({ active: true });
  });

  it('is forgotten with the next version of the registration', async () => {
    const broker = aBroker(right());
    await broker.connect();
    broker.register(wrong());
    await broker.refresh();
    broker.register(right());

    const reply = await broker.refresh();
    const { warning } = await broker.vend();

    expect(reply.outcome).toBe('refreshed');
    expect(await broker.clientStatus.read(broker.client)).toEqual({});
    expect(warning).toBeUndefined();
  });
});

describe.each(methods)('two client secrets during a rotation, sent by %s', (method) => {
  const both = () => registrationWith(method, { client_secrets: [wrongSecret, rightSecret] });

  it('the older one connects, refreshes and revokes while the newer is not known yet', async () => {
    const broker = aBroker(both());

    const ending = await broker.connect();
    const reply = await broker.refresh();
    const { accessToken } = await broker.vend();
    await broker.disconnect();

    expect(ending.status).toBe('connected');
    expect(reply.outcome).toBe('refreshed');
    expect(await introspect(server, accessToken.reveal())).toEqual({ active: false });
    expect(await broker.clientStatus.read(broker.client)).toEqual({});
  });

  it('the newer one is tried first, and each once', async () => {
    const broker = aBroker(both());
    await broker.connect();

    await broker.refresh();

    expect(broker.requestsOf('authorization_code')).toHaveLength(2);
    expect(broker.requestsOf('refresh_token')).toHaveLength(2);
  });

  it('two wrong ones stop the client as one does', async () => {
    const broker = aBroker(registrationWith(method, { client_secret: rightSecret }));
    await broker.connect();
    broker.register(registrationWith(method, { client_secrets: [wrongSecret, 'another'] }));

    const reply = await broker.refresh();

    expect(reply).toMatchObject({ outcome: 'failing', warning: { code: 'client_refused' } });
    expect((await broker.row()).state).toBe('active');
  });
});
