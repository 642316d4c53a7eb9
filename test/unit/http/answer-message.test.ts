import { describe, expect, it } from 'vitest';
import { connectionMessage, vendMessage } from '../../../lib/http/answer-message.ts';
import { Secret } from '../../../lib/secret.ts';
import { aConnection, aStoredToken, at } from '../../support/connections.ts';
import { aMoment } from '../../support/moving-clock.ts';
import { without } from '../../support/without.ts';

describe('a connection’s state', () => {
  it('has the interface’s names, and no secret', () => {
    const connection = aConnection({
      accountId: 'account-1',
      values: { realm_id: '77' },
      refreshTokenExpiresAt: at(86_400),
    });

    expect(connectionMessage(connection)).toEqual({
      client: 'acme',
      connection: 'ann',
      provider: 'oauth2',
      state: 'active',
      scope: 'read',
      account_id: 'account-1',
      values: { realm_id: '77' },
      connected_at: aMoment,
      access_token_expires_at: at(3600),
      expiry_source: 'expires_in',
      refresh_token_expires_at: at(86_400),
      last_refreshed_at: aMoment,
      next_refresh_at: at(3000),
      failures: 0,
    });
  });

  it('tells why a connection is dead, and since when it has been failing', () => {
    const dead = aConnection({
      state: 'needs_reauth',
      reason: 'grant_dead',
      failures: 3,
      failingSince: at(-60),
    });

    expect(connectionMessage(dead)).toMatchObject({
      state: 'needs_reauth',
      reason: 'grant_dead',
      failures: 3,
      failing_since: at(-60),
    });
  });

  it('leaves out what is not known: there is no null', () => {
    const bare = without(
      aConnection(),
      'scope',
      'accessTokenExpiresAt',
      'refreshAt',
      'sealedCredential',
    );

    const message = connectionMessage(bare);

    for (const name of ['account_id', 'values', 'access_token_expires_at', 'next_refresh_at']) {
      expect(message).not.toHaveProperty(name);
    }
    expect(message.scope).toBe('');
  });
});

describe('a vended token', () => {
  const accessToken = new Secret('access_token', 'access-1');
  const vended = (overrides: Parameters<typeof aStoredToken>[0] = {}) =>
    vendMessage({ token: aStoredToken(overrides), accessToken }, at(600));

  it('has the interface’s names', () => {
    expect(
      vended({ apiBaseUrl: 'https://api.example.com', refreshTokenExpiresAt: at(9000) }),
    ).toEqual({
      client: 'acme',
      connection: 'ann',
      state: 'active',
      access_token: 'access-1',
      token_type: 'Bearer',
      expires_at: at(3600),
      expires_in: 3000,
      expiry_source: 'expires_in',
      obtained_at: aMoment,
      scope: 'read',
      present: { in: 'header', name: 'Authorization', value: 'Bearer access-1' },
      api_base_url: 'https://api.example.com',
      values: {},
      refresh_token_expires_at: at(9000),
    });
  });

  it.each([
    [{ in: 'query', name: 'access_token', scheme: '' }, 'access-1'],
    [{ in: 'header', name: 'Authorization', scheme: '' }, 'access-1'],
    [{ in: 'header', name: 'X-Token', scheme: 'Token' }, 'Token access-1'],
  ] as const)('is presented as %j', (present, value) => {
    expect(vended({ present }).present).toEqual({ in: present.in, name: present.name, value });
  });

  it('of unknown life has neither expires_at nor expires_in', () => {
    const token = without(aStoredToken({ expirySource: 'unknown' }), 'expiresAt');

    const message = vendMessage({ token, accessToken }, at(600));

    expect(message).not.toHaveProperty('expires_at');
    expect(message).not.toHaveProperty('expires_in');
  });

  it('comes with its warning', () => {
    const warning = { code: 'refresh_failing', since: at(1) } as const;

    expect(vendMessage({ token: aStoredToken(), accessToken, warning }, at(600)).warning).toEqual(
      warning,
    );
  });
});
