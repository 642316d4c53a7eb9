import { describe, expect, it } from 'vitest';
import {
  establishConnection,
  type NewGrant,
  prepareConnection,
} from '../../../lib/broker/establish-connection.ts';
import { Fault } from '../../../lib/fault.ts';
import { Secret } from '../../../lib/secret.ts';
import { epochSeconds, seconds } from '../../../lib/time.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aCommitted, aConnection, aKey, aTombstone, at } from '../../support/connections.ts';
import { storeDown } from '../../support/flaky.ts';
import { aMoment } from '../../support/moving-clock.ts';
import {
  type Connecting,
  connecting,
  connectionOf,
  secretsOf,
} from '../../support/redirect-flow.ts';
import { aTokenAnswer } from '../../support/token-answers.ts';
import { without } from '../../support/without.ts';

const refreshToken = new Secret('refresh_token', 'refresh-1');
const aNewGrant = (overrides: Partial<NewGrant> = {}): NewGrant => ({
  ...aKey(),
  answer: aTokenAnswer(),
  credential: { refreshToken },
  params: {},
  allowAccountSwitch: false,
  ...overrides,
});
/** What a provider answers that issues a refresh token at the first consent only. */
const withoutRefreshToken = (accountId?: string) =>
  aNewGrant({
    credential: {},
    answer: {
      ...without(aTokenAnswer(), 'refreshToken'),
      accessToken: new Secret('access_token', 'access-2'),
      ...(accountId !== undefined && { accountId }),
    },
  });
const establish = (ports: Connecting, grant: NewGrant = aNewGrant()) =>
  establishConnection(ports, aClient(), grant);

describe('a first connection', () => {
  it('has one fence for all, not below the clock', async () => {
    const ports = connecting();

    const { created, connection } = await establish(ports);

    expect(created).toBe(true);
    expect(connection.fence).toBe(aMoment * 1000);
    expect(connection).toMatchObject({
      committedFence: connection.fence,
      credentialFence: connection.fence,
    });
    expect(connectionOf(ports)).toEqual(connection);
    expect(ports.tokens.rows.get('acme/ann')).toMatchObject({ fence: connection.fence });
  });

  it('over a tombstone is new, and its fence is higher', async () => {
    const ports = connecting();
    const fence = (aMoment + 600) * 1000;
    ports.connections.put(aTombstone({ fence }));
    ports.tokens.put(aTombstone({ fence }));

    const { created, connection } = await establish(ports);

    expect(created).toBe(true);
    expect(connection.fence).toBe(fence + 1);
    expect(await secretsOf(ports)).toMatchObject({ accessToken: 'access-1' });
  });

  it('without an access token is due at once', async () => {
    const ports = connecting();

    const { connection } = await establish(ports, without(aNewGrant(), 'answer'));

    expect(connection).toMatchObject({ refreshAt: aMoment, expirySource: 'unknown' });
    expect(ports.tokens.rows.get('acme/ann')).not.toHaveProperty('sealed');
  });

  it('without an access token has no values yet, and was refreshed when it was made', async () => {
    const ports = connecting();

    const { connection } = await establish(ports, without(aNewGrant(), 'answer'));

    expect(connection).toMatchObject({ values: {}, lastRefreshedAt: aMoment });
  });

  it('was refreshed when its access token was asked for', async () => {
    const ports = connecting();
    const answer = aTokenAnswer({ obtainedAt: at(-7), values: { realm: 'r1' } });

    const { connection } = await establish(ports, aNewGrant({ answer }));

    expect(connection).toMatchObject({ values: { realm: 'r1' }, lastRefreshedAt: at(-7) });
  });

  it.each([
    ['asked for, where the answer is silent (RFC 6749 §5.1)', {}, 'read write'],
    ['that the answer tells', { scope: 'read' }, 'read'],
  ])('has the scope %s, in both tables', async (_, answer, scope) => {
    const ports = connecting();

    const grant = aNewGrant({ scope: 'read write', answer: aTokenAnswer(answer) });
    const { connection } = await establish(ports, grant);

    expect(connection.scope).toBe(scope);
    expect(ports.tokens.rows.get('acme/ann')).toMatchObject({ scope });
  });

  it('without any renewal credential stores none', async () => {
    const ports = connecting();

    const { connection } = await establish(ports, withoutRefreshToken());

    expect(connection.renewal).toEqual([]);
    expect(connection).not.toHaveProperty('sealedCredential');
  });

  it('is presented to the API as the definition says', async () => {
    const ports = connecting();
    const api = { base_url: 'https://api.example.com/v2', token_in: 'query' } as const;

    await establishConnection(ports, aClient({ definition: aDefinition({ api }) }), aNewGrant());

    expect(ports.tokens.rows.get('acme/ann')).toMatchObject({
      present: { in: 'query', name: 'access_token', scheme: '' },
      apiBaseUrl: 'https://api.example.com/v2',
    });
  });
});

describe('a reconnect', () => {
  it('sets all fences, and removes lease, intent and failures', async () => {
    const ports = connecting();
    await establish(ports);
    const before = connectionOf(ports);
    ports.connections.put({
      ...before,
      state: 'failing',
      failures: 3,
      failingSince: aMoment,
      lease: { owner: 'somebody', until: at(30) },
      intent: { fence: before.fence, at: aMoment, credentialFence: before.fence },
    });

    const { created, connection } = await establish(ports);

    expect(created).toBe(false);
    const after = connectionOf(ports);
    expect(after).toEqual(connection);
    expect(after).toMatchObject({ state: 'active', failures: 0, fence: before.fence + 1 });
    expect(after).not.toHaveProperty('lease');
    expect(after).not.toHaveProperty('intent');
    expect(after).not.toHaveProperty('failingSince');
  });

  it('brings a connection back that needed one', async () => {
    const ports = connecting();
    ports.connections.put(
      aConnection({ state: 'needs_reauth', reason: 'grant_dead', needsReauthSince: aMoment }),
    );

    await establish(ports);

    expect(connectionOf(ports).state).toBe('active');
    expect(connectionOf(ports)).not.toHaveProperty('reason');
  });

  it('pins the client anew', async () => {
    const ports = connecting();
    ports.connections.put(aConnection({ clientId: 'old', origins: ['https://old.example'] }));

    await establish(ports);

    expect(connectionOf(ports)).toMatchObject({
      clientId: 'client-id',
      origins: ['https://as.example.com'],
    });
  });

  it('reads again when a refresh of the old grant came in between', async () => {
    const ports = connecting();
    await establish(ports);
    const { connect } = ports.connections;
    const restore = ports.connections.replace('connect', async (next, seenFence) => {
      restore();
      const row = connectionOf(ports);
      const fence = row.fence + 10;
      ports.connections.put({ ...row, fence });
      await ports.connections.commit(aKey(), fence, aCommitted({ committedFence: fence }));
      return connect(next, seenFence);
    });

    await establish(
      ports,
      aNewGrant({ answer: aTokenAnswer({ accessToken: new Secret('access_token', 'access-2') }) }),
    );

    expect(await secretsOf(ports)).toEqual({
      accessToken: 'access-2',
      credential: { refresh_token: 'refresh-1' },
    });
  });

  it('is not overwritten by a refresh of the old grant that ends later', async () => {
    const ports = connecting();
    await establish(ports);
    const old = connectionOf(ports);
    const attempt = old.fence + 1;
    await ports.connections.acquire({
      key: aKey(),
      seen: old,
      refreshAt: old.refreshAt,
      retryAt: at(36),
      fence: attempt,
      lease: { owner: 'a-worker', until: at(30) },
      now: aMoment,
      clockSkewSeconds: seconds(5),
      credentialFence: old.fence,
    });

    await establish(ports);
    const after = connectionOf(ports);
    const late = aCommitted({ committedFence: attempt });

    expect(await ports.connections.commit(aKey(), attempt, late)).toBe('lost');
    expect(await ports.connections.commitLate(aKey(), attempt, late)).toBe('lost');
    expect(connectionOf(ports)).toEqual(after);
  });

  it('gives up when others keep writing, and loses nothing of theirs', async () => {
    const ports = connecting();
    await establish(ports);
    const before = connectionOf(ports);
    ports.connections.replace('connect', async () => 'lost');

    await expect(establish(ports)).rejects.toMatchObject({ code: 'CONNECTION_CHANGED' });
    expect(connectionOf(ports)).toEqual(before);
  });

  it('is tried five times', async () => {
    const ports = connecting();
    let tries = 0;
    ports.connections.replace('connect', async () => {
      tries += 1;
      return 'lost';
    });

    await expect(establish(ports)).rejects.toMatchObject({ code: 'CONNECTION_CHANGED' });
    expect(tries).toBe(5);
  });

  it('is tried again where the write was lost and nothing is there', async () => {
    const ports = connecting();
    const restore = ports.connections.replace('connect', async () => {
      restore();
      return 'lost';
    });

    expect(await establish(ports)).toMatchObject({ created: true });
    expect(connectionOf(ports).state).toBe('active');
  });

  it('recognises its own write whose answer was lost', async () => {
    const ports = connecting();
    const { connect } = ports.connections;
    ports.connections.replace('connect', async (next, seenFence) => {
      await connect(next, seenFence);
      return 'lost';
    });

    const { created } = await establish(ports);

    expect(created).toBe(true);
    expect(await secretsOf(ports)).toMatchObject({ accessToken: 'access-1' });
  });
});

describe('the old refresh token, where a reconnect brings none', () => {
  const first = aNewGrant({ answer: aTokenAnswer({ accountId: 'account-1' }) });

  it('is kept for the same known account, sealed anew', async () => {
    const ports = connecting();
    await establish(ports, first);

    await establish(ports, withoutRefreshToken('account-1'));

    expect(await secretsOf(ports)).toEqual({
      accessToken: 'access-2',
      credential: { refresh_token: 'refresh-1' },
    });
    expect(connectionOf(ports).accountId).toBe('account-1');
  });

  it('is kept with its own end', async () => {
    const ports = connecting();
    const answer = aTokenAnswer({ accountId: 'account-1', refreshTokenExpiresAt: at(86_400) });
    await establish(ports, aNewGrant({ answer }));

    await establish(ports, withoutRefreshToken('account-1'));

    expect(connectionOf(ports).refreshTokenExpiresAt).toBe(at(86_400));
  });

  it('is not kept for another account', async () => {
    const ports = connecting();
    await establish(ports, first);

    await establish(ports, { ...withoutRefreshToken('account-2'), allowAccountSwitch: true });

    expect(connectionOf(ports).renewal).toEqual([]);
  });

  it.each([
    ['the answer tells no account', first, undefined],
    ['the account was not known before', aNewGrant(), 'account-1'],
  ])('is not kept when %s', async (_what, before, accountId) => {
    const ports = connecting();
    await establish(ports, before);

    await establish(ports, withoutRefreshToken(accountId));

    expect(connectionOf(ports).renewal).toEqual([]);
  });

  it('is not kept when neither account is known', async () => {
    const ports = connecting();
    await establish(ports);

    await establish(ports, withoutRefreshToken());

    expect(connectionOf(ports).renewal).toEqual([]);
  });

  it('is not kept by an import that brings nothing', async () => {
    const ports = connecting();
    await establish(ports, first);

    await establish(ports, without(aNewGrant({ credential: {} }), 'answer'));

    expect(connectionOf(ports).renewal).toEqual([]);
  });

  it('gives way to a new one, and so does its end', async () => {
    const ports = connecting();
    const end = { accountId: 'account-1', refreshTokenExpiresAt: at(86_400) };
    await establish(ports, aNewGrant({ answer: aTokenAnswer(end) }));

    await establish(ports, first);

    expect(connectionOf(ports)).not.toHaveProperty('refreshTokenExpiresAt');
  });

  it('is not what was kept where the old credential holds none', async () => {
    const ports = connecting();
    const resourceOwner = { username: 'ann', password: new Secret('password', 'secret') };
    await establish(ports, { ...first, credential: { resourceOwner } });
    const existing = connectionOf(ports);

    const grant = withoutRefreshToken('account-1');
    const prepared = await prepareConnection(ports, aClient(), { grant, existing, fence: 9 });

    expect(prepared).not.toHaveProperty('keptFrom');
    expect(prepared.connection.renewal).toEqual([]);
  });

  it('is not given up for a mistake, though it be called as what does not open', async () => {
    const ports = connecting();
    await establish(ports, first);
    const mistake = Object.assign(new TypeError('a mistake'), { code: 'SEALED_VALUE_INVALID' });
    ports.sealer.replace('open', async () => {
      throw mistake;
    });

    await expect(establish(ports, withoutRefreshToken('account-1'))).rejects.toBe(mistake);
  });

  it('is not kept from a connection that was dead', async () => {
    const ports = connecting();
    await establish(ports, first);
    ports.connections.put({
      ...connectionOf(ports),
      state: 'needs_reauth',
      reason: 'grant_dead',
      needsReauthSince: epochSeconds(aMoment),
    });

    await establish(ports, withoutRefreshToken('account-1'));

    expect(connectionOf(ports).renewal).toEqual([]);
  });

  it('does not stand in the way when it does not open any more', async () => {
    const ports = connecting();
    await establish(ports, first);
    ports.sealer.replace('open', async () => {
      throw new Fault('SEALED_VALUE_INVALID', { purpose: 'renewal', reason: 'unknown_key' });
    });

    const { connection } = await establish(ports, withoutRefreshToken('account-1'));

    expect(connection.renewal).toEqual([]);
  });

  it('is not given up because the keys cannot be had right now', async () => {
    const ports = connecting();
    await establish(ports, first);
    const before = connectionOf(ports);
    ports.sealer.replace('open', storeDown);

    await expect(establish(ports, withoutRefreshToken('account-1'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(connectionOf(ports)).toEqual(before);
  });
});
