import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lib/providers/merge-patch.ts';
import { aBroker, type Broker } from './a-broker.ts';
import { aRegistration } from './a-registration.ts';
import {
  type AuthorizationServer,
  aServerClient,
  startAuthorizationServer,
} from './an-authorization-server.ts';

const client_secret = 'a secret of thirty-two characters';

let server: AuthorizationServer;
beforeAll(async () => {
  const post = { client_secret, token_endpoint_auth_method: 'client_secret_post' };
  server = await startAuthorizationServer([
    aServerClient({ client_id: 'rotating', ...post }),
    aServerClient({ client_id: 'steady', ...post }),
  ]);
});
afterAll(() => server.close());

/** A broker that has connected. */
async function connected(patch: JsonObject = {}): Promise<Broker> {
  const registration = { client_id: 'rotating', client_secret, ...patch };
  const broker = aBroker(aRegistration(server, registration));
  const ending = await broker.connect();
  expect(ending.status).toBe('connected');
  return broker;
}

/** Shows the server a refresh token behind the broker's back, as a thief would. */
async function present(refreshToken: string | undefined): Promise<unknown> {
  const response = await fetch(`${server.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'rotating',
      client_secret,
      refresh_token: refreshToken ?? '',
    }),
  });
  return response.json();
}

describe('a server that rotates refresh tokens and revokes the family on reuse', () => {
  it('is refreshed again and again, each time with the newest token', async () => {
    const broker = await connected();
    const tokens = [await broker.refreshToken()];

    for (let round = 0; round < 3; round += 1) {
      expect((await broker.refresh()).outcome).toBe('refreshed');
      tokens.push(await broker.refreshToken());
    }

    expect(new Set(tokens).size).toBe(4);
    const sent = broker.requestsOf('refresh_token').map(({ body }) => refreshTokenIn(body));
    expect(sent).toEqual(tokens.slice(0, 3));
  });

  it('sees one call of two refreshes at once, and the family lives on', async () => {
    const broker = await connected();

    const replies = await Promise.all([broker.refresh(), broker.refresh()]);

    expect(replies.map(({ outcome }) => outcome).sort()).toEqual(['in_progress', 'refreshed']);
    expect(broker.requestsOf('refresh_token')).toHaveLength(1);
    expect((await broker.refresh()).outcome).toBe('refreshed');
  });

  it('sees one call of fifty vends of one expired token', async () => {
    const broker = await connected();
    broker.pass(3601);

    const vended = await Promise.all(Array.from({ length: 50 }, () => broker.vend()));

    expect(new Set(vended.map(({ accessToken }) => accessToken.reveal())).size).toBe(1);
    expect(broker.requestsOf('refresh_token')).toHaveLength(1);
  });

  it('kills the grant when somebody replays a spent token; then the owner has to return', async () => {
    const broker = await connected();
    const spent = await broker.refreshToken();
    await broker.refresh();

    const replayed = await present(spent);
    const reply = await broker.refresh();
    broker.pass(3601);

    expect(replayed).toMatchObject({ error: 'invalid_grant' });
    expect(reply).toMatchObject({ outcome: 'needs_reauth', reason: 'grant_dead' });
    expect(await broker.row()).toMatchObject({ state: 'needs_reauth', reason: 'grant_dead' });
    await expect(broker.vend()).rejects.toMatchObject({
      code: 'REAUTHORIZATION_REQUIRED',
      context: { reason: 'grant_dead' },
    });
  });

  it('is asked no more about a dead grant, and a new consent brings it back', async () => {
    const broker = await connected();
    const spent = await broker.refreshToken();
    await broker.refresh();
    await present(spent);
    await broker.refresh();
    const calls = broker.requests.length;

    await broker.refresh();
    const callsWhileDead = broker.requests.length - calls;
    const ending = await broker.connect();

    expect(callsWhileDead).toBe(0);
    expect(ending.status).toBe('connected');
    expect((await broker.refresh()).outcome).toBe('refreshed');
  });
});

it('a server that answers with the same refresh token has it kept as it is (RFC 6749 §6)', async () => {
  const broker = await connected({ client_id: 'steady' });
  const before = await broker.row();

  const reply = await broker.refresh();

  const after = await broker.row();
  expect(reply.outcome).toBe('refreshed');
  expect(after.committedFence).toBeGreaterThan(before.committedFence);
  expect(after.sealedCredential).toBe(before.sealedCredential);
});

describe('offline_access, which this server grants only with prompt=consent', () => {
  it('brings a refresh token where authorize.params ask for the prompt', async () => {
    const broker = await connected();

    expect((await broker.row()).renewal).toEqual(['refresh_token']);
  });

  it('brings none otherwise, and the connection says so once its token has ended', async () => {
    const broker = await connected({ provider_overrides: { authorize: { params: null } } });
    const { renewal } = await broker.row();
    broker.pass(3601);

    const reply = await broker.refresh();

    expect(renewal).toEqual([]);
    expect(reply).toMatchObject({ outcome: 'needs_reauth', reason: 'no_renewal_credential' });
  });
});

function refreshTokenIn(body: string | undefined): string | null {
  return new URLSearchParams(body).get('refresh_token');
}
