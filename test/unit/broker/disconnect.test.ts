import { describe, expect, it } from 'vitest';
import { disconnect } from '../../../lib/broker/disconnect.ts';
import { readRevocation } from '../../../lib/broker/revocation.ts';
import { Fault } from '../../../lib/fault.ts';
import { parseClientName } from '../../../lib/names.ts';
import { seconds } from '../../../lib/time.ts';
import { aClient, aDefinition } from '../../support/clients.ts';
import { aCommitted, aKey, at } from '../../support/connections.ts';
import { storeDown } from '../../support/flaky.ts';
import { aMoment } from '../../support/moving-clock.ts';
import {
  type Connecting,
  connectByRedirect,
  connecting,
  connectionOf,
} from '../../support/redirect-flow.ts';
import { without } from '../../support/without.ts';

const revoking = aClient({
  definition: aDefinition({ revoke: { url: 'https://as.example.com/revoke' } }),
});
const tombstone = { client: 'acme', connection: 'ann', state: 'revoked' };

async function connected(client = revoking): Promise<Connecting> {
  const ports = connecting(client);
  await connectByRedirect(ports);
  return ports;
}

/** What the queued message holds, opened. */
async function queued(ports: Connecting) {
  const [message] = ports.revocations.sent;
  if (!message) throw new Error('nothing was queued');
  const { client, connection, fence, sealed } = message;
  const binding = { client, connection, fence };
  return readRevocation(await ports.sealer.open('revocation', binding, sealed));
}

it('leaves a tombstone of a higher fence in both tables, and no secret', async () => {
  const ports = await connected();
  const { fence } = connectionOf(ports);

  await disconnect(ports, aKey());

  const rows = [ports.connections.rows.get('acme/ann'), ports.tokens.rows.get('acme/ann')];
  expect(rows).toEqual([
    { ...tombstone, fence: fence + 1 },
    { ...tombstone, fence: fence + 1 },
  ]);
});

it('keeps the tombstone for 30 days, longer than any queue keeps a message', async () => {
  const ports = await connected();
  const ends: number[] = [];
  const { remove } = ports.connections;
  ports.connections.replace('remove', async (row, seenFence, expiresAt) => {
    ends.push(expiresAt);
    return remove(row, seenFence, expiresAt);
  });

  await disconnect(ports, aKey());

  expect(ends).toEqual([at(30 * 86_400)]);
});

it('is not undone by a refresh that ends later', async () => {
  const ports = await connected();
  const old = connectionOf(ports);
  const fence = old.fence + 1;
  await ports.connections.acquire({
    key: aKey(),
    seen: old,
    refreshAt: old.refreshAt,
    retryAt: at(36),
    fence,
    lease: { owner: 'a-worker', until: at(30) },
    now: aMoment,
    clockSkewSeconds: seconds(5),
    credentialFence: old.fence,
  });

  await disconnect(ports, aKey());

  const late = aCommitted({ committedFence: fence });
  expect(await ports.connections.commit(aKey(), fence, late)).toBe('lost');
  expect(await ports.connections.commitLate(aKey(), fence, late)).toBe('lost');
  expect(ports.connections.rows.get('acme/ann')).toMatchObject(tombstone);
});

describe('the revocation (RFC 7009)', () => {
  it('is queued sealed, with both tokens and what they may be sent to', async () => {
    const ports = await connected();

    await disconnect(ports, aKey());

    const revocation = await queued(ports);
    expect(revocation.refreshToken?.reveal()).toBe('refresh-1');
    expect(revocation.accessToken?.reveal()).toBe('access-1');
    expect(revocation).toMatchObject({
      clientId: 'client-id',
      origins: ['https://as.example.com'],
    });
    const text = JSON.stringify(ports.revocations.sent);
    expect(text).not.toContain('refresh-1');
    expect(text).not.toContain('access-1');
  });

  it('is not queued where the provider knows none', async () => {
    const ports = await connected(aClient());

    await disconnect(ports, aKey());

    expect(ports.revocations.sent).toEqual([]);
    expect(ports.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('that cannot be queued leaves the connection, so that it can be sent again', async () => {
    const ports = await connected();
    const before = connectionOf(ports);
    const restore = ports.revocations.replace('send', storeDown);

    await expect(disconnect(ports, aKey())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(connectionOf(ports)).toEqual(before);
    restore();
    await disconnect(ports, aKey());

    expect(ports.revocations.sent).toHaveLength(1);
  });

  it('is queued for the refresh token even where the access token’s row was altered', async () => {
    const ports = await connected();
    const token = ports.tokens.rows.get('acme/ann');
    if (!token || token.state === 'revoked') throw new Error('there is no token');
    ports.tokens.put({ ...token, apiBaseUrl: 'https://elsewhere.example.com' });

    await disconnect(ports, aKey());

    const revocation = await queued(ports);
    expect(revocation.refreshToken?.reveal()).toBe('refresh-1');
    expect(revocation.accessToken).toBeUndefined();
    expect(ports.log.lines.find(({ level }) => level === 'error')).toMatchObject({
      event: 'not_revoked_at_provider',
      details: { kind: 'access_token', code: 'SEALED_VALUE_INVALID' },
    });
  });

  it.each<[string, string, (ports: Connecting) => void]>([
    [
      'the registration is gone',
      'UNKNOWN_CLIENT',
      ({ clients }) => clients.remove(parseClientName('acme')),
    ],
    [
      'the registration is invalid',
      'REGISTRATION_INVALID',
      ({ clients }) => {
        clients.replace('read', async (client) => {
          throw new Fault('REGISTRATION_INVALID', { client, problems: ['client_id is required'] });
        });
      },
    ],
    [
      'its values do not open',
      'SEALED_VALUE_INVALID',
      ({ sealer }) => {
        sealer.replace('open', async (purpose) => {
          throw new Fault('SEALED_VALUE_INVALID', { purpose, reason: 'unknown_key' });
        });
      },
    ],
    [
      'the registration leads elsewhere now',
      'CLIENT_CHANGED',
      ({ clients }) => {
        const revoke = { url: 'https://evil.example/revoke' };
        clients.put(aClient({ definition: aDefinition({ revoke }) }));
      },
    ],
  ])('does not keep a connection from being deleted when %s', async (_what, code, spoil) => {
    const ports = await connected();
    spoil(ports);

    await disconnect(ports, aKey());

    expect(ports.connections.rows.get('acme/ann')).toMatchObject(tombstone);
    expect(ports.revocations.sent).toEqual([]);
    const [line] = ports.log.lines.filter(({ level }) => level === 'error');
    expect(line).toMatchObject({ event: 'not_revoked_at_provider', details: { code } });
    expect(line?.details.advice).toContain('by hand');
  });
});

describe('the tokens to revoke', () => {
  /** The connection without some of its secrets. */
  async function holding(kept: { readonly refreshToken: boolean; readonly accessToken: boolean }) {
    const ports = await connected();
    const row = connectionOf(ports);
    const token = ports.tokens.rows.get('acme/ann');
    if (!token || token.state === 'revoked') throw new Error('there is no token');
    if (!kept.refreshToken) ports.connections.put(without(row, 'sealedCredential'));
    if (!kept.accessToken) ports.tokens.put(without(token, 'sealed'));
    return ports;
  }

  it.each([
    ['the refresh token alone', { refreshToken: true, accessToken: false }],
    ['the access token alone', { refreshToken: false, accessToken: true }],
  ])('may be %s', async (_, kept) => {
    const ports = await holding(kept);

    await disconnect(ports, aKey());

    const revocation = await queued(ports);
    expect(revocation.refreshToken !== undefined).toBe(kept.refreshToken);
    expect(revocation.accessToken !== undefined).toBe(kept.accessToken);
    expect(ports.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('may be none: nothing is queued then', async () => {
    const ports = await holding({ refreshToken: false, accessToken: false });

    await disconnect(ports, aKey());

    expect(ports.revocations.sent).toEqual([]);
    expect(ports.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it.each([
    ['nothing', undefined],
    ['a tombstone', { ...tombstone, state: 'revoked', ...aKey(), fence: 1 } as const],
  ])('are without the access token where %s is in its place', async (_, found) => {
    const ports = await connected();
    ports.tokens.replace('read', async () => found);

    await disconnect(ports, aKey());

    expect((await queued(ports)).accessToken).toBeUndefined();
    expect(ports.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('are read consistently', async () => {
    const ports = await connected();
    const { read } = ports.tokens;
    const reads: boolean[] = [];
    ports.tokens.replace('read', (key, consistent) => {
      reads.push(consistent);
      return read(key, consistent);
    });

    await disconnect(ports, aKey());

    expect(reads).toEqual([true]);
  });

  it.each([
    ['a mistake', Object.assign(new TypeError('a mistake'), { code: 'SEALED_VALUE_INVALID' })],
    ['a mistake by another name', Object.assign(new TypeError('x'), { code: 'UNKNOWN_CLIENT' })],
    ['a store that is down', new Fault('STORE_UNAVAILABLE', { store: 's', operation: 'o' })],
  ])('are not given up for %s', async (_, error) => {
    for (const purpose of ['renewal', 'access_token']) {
      const ports = await connected();
      const before = connectionOf(ports);
      const { open } = ports.sealer;
      ports.sealer.replace('open', async (...asked) => {
        if (asked[0] === purpose) throw error;
        return open(...asked);
      });

      await expect(disconnect(ports, aKey()), purpose).rejects.toBe(error);
      expect(connectionOf(ports)).toEqual(before);
    }
  });

  it('are all left where the ring of one is missing, and the log says so', async () => {
    const ports = await connected();
    const { open } = ports.sealer;
    ports.sealer.replace('open', async (...asked) => {
      if (asked[0] !== 'access_token') return open(...asked);
      throw new Fault('KEY_RING_INVALID', { purpose: 'access_token', problems: ['missing'] });
    });

    await disconnect(ports, aKey());

    expect(ports.revocations.sent).toEqual([]);
    expect(ports.log.lines.find(({ level }) => level === 'error')).toMatchObject({
      event: 'not_revoked_at_provider',
      details: { code: 'KEY_RING_INVALID' },
    });
  });
});

it('gives up after five tries when others keep writing', async () => {
  const ports = await connected();
  let tries = 0;
  ports.connections.replace('remove', async () => {
    tries += 1;
    return 'lost';
  });

  await expect(disconnect(ports, aKey())).rejects.toMatchObject({ code: 'CONNECTION_CHANGED' });
  expect(tries).toBe(5);
});

it('finds nothing where the row has gone as it was to be deleted', async () => {
  const ports = await connected();
  ports.connections.replace('remove', async () => {
    ports.connections.replace('read', async () => undefined);
    return 'lost';
  });

  await expect(disconnect(ports, aKey())).rejects.toMatchObject({ code: 'UNKNOWN_CONNECTION' });
});

it('reads again when another writer came in between', async () => {
  const ports = await connected();
  const { remove } = ports.connections;
  const restore = ports.connections.replace('remove', async (row, seenFence, expiresAt) => {
    restore();
    const current = connectionOf(ports);
    ports.connections.put({ ...current, fence: current.fence + 5 });
    return remove(row, seenFence, expiresAt);
  });

  await disconnect(ports, aKey());

  expect(ports.connections.rows.get('acme/ann')).toMatchObject(tombstone);
});

it('recognises its own write whose answer was lost', async () => {
  const ports = await connected();
  const { remove } = ports.connections;
  ports.connections.replace('remove', async (row, seenFence, expiresAt) => {
    await remove(row, seenFence, expiresAt);
    return 'lost';
  });
  let reads = 0;
  const { read } = ports.connections;
  ports.connections.replace('read', (key) => {
    reads += 1;
    return read(key);
  });

  await disconnect(ports, aKey());

  expect(ports.tokens.rows.get('acme/ann')).toMatchObject(tombstone);
  expect(reads).toBe(2);
});

it('tells an unknown client from an unknown connection', async () => {
  const ports = await connected();

  await expect(disconnect(ports, aKey('bob'))).rejects.toMatchObject({
    code: 'UNKNOWN_CONNECTION',
  });
  await expect(disconnect(ports, aKey('ann', 'nobody'))).rejects.toMatchObject({
    code: 'UNKNOWN_CLIENT',
  });
});

it('finds nothing the second time', async () => {
  const ports = await connected();
  await disconnect(ports, aKey());

  await expect(disconnect(ports, aKey())).rejects.toMatchObject({ code: 'UNKNOWN_CONNECTION' });
});

it('finishes its work when it is sent again after the token table failed', async () => {
  const ports = await connected();
  const restore = ports.tokens.replace('remove', storeDown);
  await expect(disconnect(ports, aKey())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  restore();
  const ends: number[] = [];
  const { remove } = ports.tokens;
  ports.tokens.replace('remove', async (row, expiresAt) => {
    ends.push(expiresAt);
    return remove(row, expiresAt);
  });

  await disconnect(ports, aKey());

  expect(ports.tokens.rows.get('acme/ann')).toMatchObject(tombstone);
  expect(ends).toEqual([at(30 * 86_400)]);
});
