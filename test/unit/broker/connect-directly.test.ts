import { describe, expect, it } from 'vitest';
import { connectDirectly } from '../../../lib/broker/connect-directly.ts';
import type { TokenOutcome } from '../../../lib/oauth/token-endpoint.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aConnection, aKey, at } from '../../support/connections.ts';
import { storeDown } from '../../support/flaky.ts';
import { aMoment } from '../../support/moving-clock.ts';
import { connecting, connectionOf, secretsOf } from '../../support/redirect-flow.ts';
import { aGrant } from '../../support/token-answers.ts';

const byPassword = {
  ...aKey(),
  by: 'password',
  username: 'ann',
  password: new Secret('password', 'pass-1'),
  retainCredentials: false,
} as const;
const byClientCredentials = { ...aKey(), by: 'client_credentials' } as const;
const byImport = {
  ...aKey(),
  by: 'import',
  accessToken: new Secret('access_token', 'imported-1'),
  refreshToken: new Secret('refresh_token', 'imported-refresh'),
} as const;

describe('by password (RFC 6749 §4.3)', () => {
  it('connects with what the provider granted, and does not keep the password', async () => {
    const ports = connecting();

    const { created } = await connectDirectly(ports, byPassword);

    expect(created).toBe(true);
    expect(ports.provider.asked[0]?.request).toMatchObject({
      grantType: 'password',
      username: 'ann',
    });
    expect(await secretsOf(ports)).toEqual({
      accessToken: 'access-1',
      credential: { refresh_token: 'refresh-1' },
    });
  });

  it('keeps user name and password where that is asked for', async () => {
    const ports = connecting();

    await connectDirectly(ports, { ...byPassword, retainCredentials: true });

    expect(connectionOf(ports).renewal).toEqual(['refresh_token', 'password']);
    expect(await secretsOf(ports)).toMatchObject({
      credential: { refresh_token: 'refresh-1', username: 'ann', password: 'pass-1' },
    });
  });

  it('asks for the scope of the registration', async () => {
    const ports = connecting(aClient({ scope: 'read' }));

    await connectDirectly(ports, byPassword);

    expect(ports.provider.asked[0]?.request).toMatchObject({ scope: 'read' });
    expect(connectionOf(ports).scope).toBe('read');
  });

  it('tells refused credentials from everything else, and keeps what was there', async () => {
    const ports = connecting();
    ports.connections.put(aConnection());
    ports.provider.endWith({ outcome: 'grant_refused' });

    await expect(connectDirectly(ports, byPassword)).rejects.toMatchObject({
      code: 'CREDENTIALS_REFUSED',
    });
    expect(connectionOf(ports)).toEqual(aConnection());
  });

  it('tells a reconnect from a new connection', async () => {
    const ports = connecting();
    await connectDirectly(ports, byPassword);

    expect(await connectDirectly(ports, byPassword)).toMatchObject({ created: false });
  });

  it('refuses another account than the connected one', async () => {
    const ports = connecting();
    ports.connections.put(aConnection({ accountId: 'account-1' }));
    ports.provider.endWith(aGrant({ accountId: 'account-2' }));

    await expect(connectDirectly(ports, byPassword)).rejects.toMatchObject({
      code: 'ACCOUNT_MISMATCH',
    });
  });
});

describe('by the client’s own credentials (RFC 6749 §4.4)', () => {
  const client = aClient({
    definition: aDefinition({
      params: { userId: { of: 'connection', description: 'whose account' } },
      grants: { client_credentials: { params: { userId: '{userId}' } } },
    }),
  });

  it('connects, and can do so again', async () => {
    const ports = connecting(client);
    ports.provider.endWith(aGrant());

    await connectDirectly(ports, { ...byClientCredentials, params: { userId: '77' } });

    expect(ports.provider.asked[0]?.request).toMatchObject({
      grantType: 'client_credentials',
      params: { userId: '77' },
    });
    expect(connectionOf(ports)).toMatchObject({
      params: { userId: '77' },
      renewal: ['refresh_token', 'client_credentials'],
    });
  });

  it('names a param that is none of the definition’s, before anything is sent', async () => {
    const ports = connecting(client);

    const connected = connectDirectly(ports, { ...byClientCredentials, params: { user: '77' } });

    await expect(connected).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      context: { problems: [expect.stringContaining('params.user')] },
    });
    expect(ports.provider.asked).toHaveLength(0);
  });
});

describe('by import', () => {
  it('stores what it is given and asks the provider nothing', async () => {
    const ports = connecting();

    await connectDirectly(ports, { ...byImport, expiresAt: at(1000), scope: 'anything' });

    expect(ports.provider.asked).toHaveLength(0);
    expect(connectionOf(ports)).toMatchObject({
      accessTokenExpiresAt: at(1000),
      expirySource: 'import',
      scope: 'anything',
      renewal: ['refresh_token'],
    });
    expect(await secretsOf(ports)).toEqual({
      accessToken: 'imported-1',
      credential: { refresh_token: 'imported-refresh' },
    });
  });

  it('does not guess an end that it was not told', async () => {
    const ports = connecting();

    await connectDirectly(ports, byImport);

    expect(connectionOf(ports)).toMatchObject({ expirySource: 'unknown' });
    expect(connectionOf(ports)).not.toHaveProperty('accessTokenExpiresAt');
  });

  it('of a refresh token alone is refreshed at once', async () => {
    const ports = connecting();
    const { accessToken: _, ...refreshOnly } = byImport;

    await connectDirectly(ports, refreshOnly);

    expect(connectionOf(ports)).toMatchObject({ refreshAt: aMoment, renewal: ['refresh_token'] });
  });
});

describe('a provider that does not grant', () => {
  it.each<[string, TokenOutcome]>([
    ['CLIENT_REFUSED', { outcome: 'client_refused' }],
    ['PROVIDER_REFUSED_REQUEST', { outcome: 'request_refused', error: 'invalid_scope' }],
    ['PROVIDER_UNAVAILABLE', { outcome: 'unavailable', trouble: 'network', undecided: false }],
    [
      'PROVIDER_ANSWER_INVALID',
      { outcome: 'answer_invalid', trouble: 'no_access_token', httpStatus: 200 },
    ],
  ])('ends as %s and stores nothing', async (code, ending) => {
    const ports = connecting();
    ports.provider.endWith(ending);

    await expect(connectDirectly(ports, byPassword)).rejects.toMatchObject({ code });
    expect(ports.connections.rows.size).toBe(0);
    expect(ports.tokens.rows.size).toBe(0);
  });

  it('is not asked while the keys to seal with cannot be had', async () => {
    const ports = connecting();
    ports.sealer.replace('ready', storeDown);

    await expect(connectDirectly(ports, byPassword)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(ports.provider.asked).toHaveLength(0);
  });
});

it('refuses a client without registration', async () => {
  const connected = connectDirectly(connecting(), { ...byPassword, ...aKey('ann', 'nobody') });

  await expect(connected).rejects.toMatchObject({ code: 'UNKNOWN_CLIENT' });
});
