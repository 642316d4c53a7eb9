import { describe, expect, it } from 'vitest';
import { completeConnection } from '../../../lib/broker/complete-connection.ts';
import { disconnect } from '../../../lib/broker/disconnect.ts';
import { randomToken } from '../../../lib/broker/one-time-token.ts';
import type { Connection } from '../../../lib/broker/ports.ts';
import { Fault } from '../../../lib/fault.ts';
import type { TokenOutcome } from '../../../lib/oauth/token-endpoint.ts';
import { Secret } from '../../../lib/secret.ts';
import { aKey, at } from '../../support/connections.ts';
import { storeDown } from '../../support/flaky.ts';
import {
  type Connecting,
  connectByRedirect,
  connecting,
  connectionOf,
  secretsOf,
} from '../../support/redirect-flow.ts';
import { aGrant, aTokenAnswer } from '../../support/token-answers.ts';
import { without } from '../../support/without.ts';

const anyone = () => undefined;
const confirmation = { confirm: true, returnUrl: 'https://app.example.com/connected' };

/** Goes through the redirect flow up to the completion that the application is handed. */
async function completionOf(ports: Connecting, request = {}): Promise<string> {
  const ending = await connectByRedirect(ports, { ...confirmation, ...request });
  if (ending.status !== 'confirm') throw new Error(ending.status);
  return ending.completion.reveal();
}

it('makes the held grant live', async () => {
  const ports = connecting();
  const completion = await completionOf(ports);

  const { created, connection } = await completeConnection(ports, completion, anyone);

  expect(created).toBe(true);
  expect(connection).toEqual(connectionOf(ports));
  expect(await secretsOf(ports)).toEqual({
    accessToken: 'access-1',
    credential: { refresh_token: 'refresh-1' },
  });
});

it('is good for one use', async () => {
  const ports = connecting();
  const completion = await completionOf(ports);
  await completeConnection(ports, completion, anyone);

  await expect(completeConnection(ports, completion, anyone)).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
});

it('answers one of 20 that send it at once', async () => {
  const ports = connecting();
  const completion = await completionOf(ports);

  const endings = await Promise.allSettled(
    Array.from({ length: 20 }, () => completeConnection(ports, completion, anyone)),
  );

  expect(endings.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('is over after ten minutes', async () => {
  const ports = connecting();
  const completion = await completionOf(ports);
  await ports.clock.advance(600_000);

  await expect(completeConnection(ports, completion, anyone)).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  });
  expect(ports.connections.rows.size).toBe(0);
});

it.each([undefined, '', 'malformed', 42, {}, randomToken()])(
  'does not know the completion %j',
  async (completion) => {
    const ports = connecting();
    await completionOf(ports);

    await expect(completeConnection(ports, completion, anyone)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  },
);

it('consumes nothing for a caller that may not connect', async () => {
  const ports = connecting();
  const completion = await completionOf(ports);
  const nobody = () => {
    throw new Fault('ACCESS_DENIED', { action: 'connect' });
  };

  await expect(completeConnection(ports, completion, nobody)).rejects.toMatchObject({
    code: 'ACCESS_DENIED',
  });

  expect(ports.connections.rows.size).toBe(0);
  expect(await completeConnection(ports, completion, anyone)).toMatchObject({ created: true });
});

it.each([
  ['the grant cannot be read', 'connections', 'readPending'],
  ['the connection cannot be read', 'connections', 'read'],
  ['the connection cannot be stored', 'connections', 'connect'],
  ['the token cannot be published', 'tokens', 'publish'],
  ['the completion cannot be taken', 'connections', 'takePending'],
] as const)('stays good when %s', async (_what, port, method) => {
  const ports = connecting();
  const completion = await completionOf(ports);
  const store: { replace: (name: never, by: never) => () => void } = ports[port];
  const restore = store.replace(method as never, storeDown as never);

  await expect(completeConnection(ports, completion, anyone)).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
  restore();

  expect(await completeConnection(ports, completion, anyone)).toMatchObject({
    connection: { state: 'active' },
  });
  expect(await secretsOf(ports)).toMatchObject({ accessToken: 'access-1' });
});

it('stays good when nothing at all answers in the middle of it', async () => {
  const ports = connecting();
  const completion = await completionOf(ports);
  const restore = [
    ports.connections.replace('connect', storeDown),
    ports.connections.replace('holdPending', storeDown),
    ports.tokens.replace('publish', storeDown),
  ];

  await expect(completeConnection(ports, completion, anyone)).rejects.toThrow();
  for (const each of restore) each();

  expect(await completeConnection(ports, completion, anyone)).toMatchObject({ created: true });
});

it('compares the account with the one that is connected by then', async () => {
  const ports = connecting();
  ports.provider.endWith(aGrant({ accountId: 'account-2' }));
  const completion = await completionOf(ports);
  ports.provider.endWith(aGrant({ accountId: 'account-1' }));
  await connectByRedirect(ports);

  await expect(completeConnection(ports, completion, anyone)).rejects.toMatchObject({
    code: 'ACCOUNT_MISMATCH',
  });

  expect(connectionOf(ports).accountId).toBe('account-1');
});

it('switches the account where the session allows it', async () => {
  const ports = connecting();
  ports.provider.endWith(aGrant({ accountId: 'account-1' }));
  await connectByRedirect(ports);
  ports.provider.endWith(aGrant({ accountId: 'account-2' }));
  const completion = await completionOf(ports, { allowAccountSwitch: true });

  const { created } = await completeConnection(ports, completion, anyone);

  expect(created).toBe(false);
  expect(connectionOf(ports).accountId).toBe('account-2');
});

it('comes after every refresh of the old grant', async () => {
  const ports = connecting();
  await connectByRedirect(ports);
  const completion = await completionOf(ports);
  await ports.clock.advance(500_000);
  const { fence } = connectionOf(ports);
  ports.connections.put({
    ...connectionOf(ports),
    fence: Math.max(fence + 1, ports.clock.nowMs()),
  });

  expect(await completeConnection(ports, completion, anyone)).toMatchObject({ created: false });
});

it('has not the last word over a disconnect that came after it', async () => {
  const ports = connecting();
  await connectByRedirect(ports);
  const completion = await completionOf(ports);
  const restore = ports.connections.replace('takePending', storeDown);
  await expect(completeConnection(ports, completion, anyone)).rejects.toThrow();
  restore();
  await disconnect(ports, aKey());

  await expect(completeConnection(ports, completion, anyone)).rejects.toMatchObject({
    code: 'CONNECTION_CHANGED',
  });
  expect(() => connectionOf(ports)).toThrow('there is no connection');
});

describe('the old refresh token, where a confirmed reconnect brings none', () => {
  const known = { accountId: 'account-1', refreshTokenExpiresAt: at(86_400) };
  const bringingNone: TokenOutcome = {
    outcome: 'granted',
    answer: without(
      aTokenAnswer({ accountId: 'account-1', accessToken: new Secret('access_token', 'access-2') }),
      'refreshToken',
    ),
  };

  /** A living connection, and a reconnect of it that waits for its confirmation. */
  async function reconnecting(): Promise<{ ports: Connecting; completion: string }> {
    const ports = connecting();
    ports.provider.endWith(aGrant(known));
    await connectByRedirect(ports);
    ports.provider.endWith(bringingNone);
    return { ports, completion: await completionOf(ports) };
  }

  it('is kept for the same known account, with its own end', async () => {
    const { ports, completion } = await reconnecting();

    await completeConnection(ports, completion, anyone);

    expect(await secretsOf(ports)).toEqual({
      accessToken: 'access-2',
      credential: { refresh_token: 'refresh-1' },
    });
    expect(connectionOf(ports).refreshTokenExpiresAt).toBe(at(86_400));
  });

  it('is kept once more when the completion is sent again after its answer was lost', async () => {
    const { ports, completion } = await reconnecting();
    const restore = ports.connections.replace('takePending', storeDown);
    await expect(completeConnection(ports, completion, anyone)).rejects.toThrow();
    restore();

    expect(await completeConnection(ports, completion, anyone)).toMatchObject({
      connection: { renewal: ['refresh_token'] },
    });
  });

  it.each<[string, (row: Connection) => Connection]>([
    [
      'a refresh has rotated it since',
      (row) => ({ ...row, committedFence: row.fence, credentialFence: row.credentialFence + 1 }),
    ],
    [
      'the provider has refused it since',
      (row) => ({ ...row, state: 'needs_reauth', reason: 'grant_dead', needsReauthSince: at(1) }),
    ],
  ])('is not kept when %s, and the connection stays as it is', async (_what, change) => {
    const { ports, completion } = await reconnecting();
    const changed = change(connectionOf(ports));
    ports.connections.put(changed);

    await expect(completeConnection(ports, completion, anyone)).rejects.toMatchObject({
      code: 'CONNECTION_CHANGED',
    });
    expect(connectionOf(ports)).toEqual(changed);
  });

  it('is not kept when the connection was ended since, which revokes it', async () => {
    const { ports, completion } = await reconnecting();
    await disconnect(ports, aKey());

    await expect(completeConnection(ports, completion, anyone)).rejects.toMatchObject({
      code: 'CONNECTION_CHANGED',
    });
    expect(() => connectionOf(ports)).toThrow('there is no connection');
  });

  it('is not kept from a connection that was dead', async () => {
    const ports = connecting();
    ports.provider.endWith(aGrant(known));
    await connectByRedirect(ports);
    ports.connections.put({
      ...connectionOf(ports),
      state: 'needs_reauth',
      reason: 'grant_dead',
      needsReauthSince: at(1),
    });
    ports.provider.endWith(bringingNone);

    await completeConnection(ports, await completionOf(ports), anyone);

    expect(connectionOf(ports).renewal).toEqual([]);
  });
});
