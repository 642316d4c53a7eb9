import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lib/providers/merge-patch.ts';
import { aBroker } from './a-broker.ts';
import { aRegistration } from './a-registration.ts';
import { visitServer } from './a-resource-owner.ts';
import {
  type AuthorizationServer,
  aServerClient,
  startAuthorizationServer,
} from './an-authorization-server.ts';

const credentials = { client_id: 'app', client_secret: 'a secret of thirty-two characters' };

let server: AuthorizationServer;
beforeAll(async () => {
  server = await startAuthorizationServer([
    aServerClient({ ...credentials, token_endpoint_auth_method: 'client_secret_post' }),
  ]);
});
afterAll(() => server.close());

const brokerWith = (overrides: JsonObject = {}) =>
  aBroker(aRegistration(server, { ...credentials, provider_overrides: overrides }));

describe('PKCE at a server that requires it', () => {
  it('S256 is accepted (RFC 7636 §4.2)', async () => {
    const broker = brokerWith();

    const { location } = await broker.depart();
    const ending = await broker.connect();

    expect(new URL(location).searchParams.get('code_challenge_method')).toBe('S256');
    expect(ending.status).toBe('connected');
  });

  it('a definition that turns PKCE off is refused by the server', async () => {
    const broker = brokerWith({ authorize: { pkce: false } });

    const ending = await broker.connect();

    expect(ending).toMatchObject({ status: 'failed', error: 'invalid_response' });
  });

  it("another flow's unused code is of no use in ours (RFC 9700 §4.5)", async () => {
    const broker = brokerWith();
    const theirs = await broker.depart();
    const stolen = new URL(await visitServer(theirs.location, 'consent'));
    const ours = await broker.depart();

    const ending = await broker.arrive(withCodeOf(stolen, ours.location), ours);

    expect(ending).toMatchObject({ status: 'failed', error: 'exchange_failed' });
    expect(broker.requestsOf('authorization_code')).toHaveLength(1);
  });
});

describe('the issuer of an answer (RFC 9207)', () => {
  it('is accepted where it is the declared one', async () => {
    const ending = await brokerWith().connect();

    expect(ending.status).toBe('connected');
  });

  it('is passed over where none is declared', async () => {
    const ending = await brokerWith({ authorize: { issuer: null } }).connect();

    expect(ending.status).toBe('connected');
  });

  it('is refused where another is declared, before any code is exchanged', async () => {
    const broker = brokerWith({ authorize: { issuer: 'https://other.example.com' } });

    const ending = await broker.connect();

    expect(ending).toMatchObject({ status: 'failed', error: 'invalid_response' });
    expect(broker.requests).toEqual([]);
  });
});

describe('a person who says no', () => {
  it('ends the flow as denied, and nothing is exchanged (RFC 6749 §4.1.2.1)', async () => {
    const broker = brokerWith();

    const ending = await broker.connect('deny');

    expect(ending).toMatchObject({ status: 'denied', error: 'access_denied' });
    expect(broker.requests).toEqual([]);
  });

  it('leaves a connection alone that stood before', async () => {
    const broker = brokerWith();
    await broker.connect();
    const before = await broker.row();

    await broker.connect('deny');

    expect(await broker.row()).toEqual(before);
  });
});

describe('a code that was used before (RFC 6749 §4.1.2)', () => {
  it('is exchanged once, however often its callback is visited', async () => {
    const broker = brokerWith();
    const departure = await broker.depart();
    const callback = await visitServer(departure.location, 'consent');

    const endings = [
      await broker.arrive(callback, departure),
      await broker.arrive(callback, departure),
    ];

    expect(endings.map(({ status }) => status)).toEqual(['connected', 'not_pending']);
    expect(broker.requestsOf('authorization_code')).toHaveLength(1);
  });

  it('ends another flow as exchange_failed', async () => {
    const broker = brokerWith();
    const first = await broker.depart();
    const callback = await visitServer(first.location, 'consent');
    await broker.arrive(callback, first);
    const second = await broker.depart();

    const ending = await broker.arrive(withCodeOf(new URL(callback), second.location), second);

    expect(ending).toMatchObject({ status: 'failed', error: 'exchange_failed' });
    expect(broker.requestsOf('authorization_code')).toHaveLength(2);
  });
});

/** A callback with one flow's code in the place of another's. */
function withCodeOf(callback: URL, location: string): string {
  const state = new URL(location).searchParams.get('state') ?? '';
  const mixed = new URL(callback);
  mixed.searchParams.set('state', state);
  return mixed.href;
}
