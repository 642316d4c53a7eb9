import { describe, expect, it } from 'vitest';
import { refreshConnection } from '../../../lib/broker/refresh-connection.ts';
import { Fault } from '../../../lib/fault.ts';
import { aCommitted, aConnection, aKey, aTombstone, at } from '../../support/connections.ts';
import { demand, due, dueAt, refreshWorld, timing } from '../../support/refresh-world.ts';
import { sealedText } from '../../support/transparent-sealer.ts';

const lease = { owner: 'another', until: at(3020) };
const unread = {
  read: async (): Promise<never> => {
    throw new Error('the registration is not to be read');
  },
};

describe('a refresh that the schedule asks for', () => {
  it('is not made when the row has another schedule by now', async () => {
    const world = refreshWorld({ row: { refreshAt: at(6000) } });

    expect(await world.refresh(due)).toMatchObject({ outcome: 'fresh', token: { fence: 1 } });
    expect(world.calls).toEqual([]);
  });

  it('is not made before its time', async () => {
    const world = refreshWorld({ row: { refreshAt: at(3006) } });

    expect(await world.refresh({ kind: 'due', refreshAt: at(3006) })).toMatchObject({
      outcome: 'fresh',
    });
    expect(world.calls).toEqual([]);
  });

  it("is made when only the scheduler's clock says that it is time", async () => {
    const refreshAt = at(3005);
    const world = refreshWorld({ row: { refreshAt } });

    expect(await world.refresh({ kind: 'due', refreshAt })).toMatchObject({ outcome: 'refreshed' });
  });

  it('is made again after a failure when its backoff has passed', async () => {
    const world = refreshWorld({ row: { state: 'failing', failures: 2, failingSince: at(2900) } });

    expect(await world.refresh(due)).toMatchObject({ outcome: 'refreshed' });
    expect(world.row()).toMatchObject({ state: 'active', failures: 0 });
    expect(world.row()).not.toHaveProperty('failingSince');
  });
});

describe('a refresh that a caller asks for', () => {
  const newer = {
    fence: 2,
    sealed: sealedText('access_token', { ...aKey(), fence: 2 }, 'access-2'),
    expiresAt: at(6600),
  };

  it('adopts what another has refreshed since the caller looked', async () => {
    const world = refreshWorld({ row: { fence: 2 }, token: newer });

    expect(await world.refresh(demand)).toMatchObject({ outcome: 'fresh', token: { fence: 2 } });
    expect(world.calls).toEqual([]);
  });

  it('adopts nothing that has expired', async () => {
    const world = refreshWorld({ row: { fence: 2 }, token: { ...newer, expiresAt: dueAt } });

    expect(await world.refresh(demand)).toMatchObject({ outcome: 'refreshed' });
  });

  it('is made when the caller holds the newest token, however long that still lives', async () => {
    const world = refreshWorld();

    expect(await world.refresh(demand)).toMatchObject({ outcome: 'refreshed' });
  });

  it('waits for a result that is kept but not published yet, and calls nobody', async () => {
    const world = refreshWorld({ row: { fence: 2, lastRefreshedAt: at(2971) } });

    expect(await world.refresh(demand)).toMatchObject({ outcome: 'in_progress' });
    expect(world.calls).toEqual([]);
  });

  it('is made when such a result was never published', async () => {
    const world = refreshWorld({ row: { fence: 2, lastRefreshedAt: at(2970) } });

    expect(await world.refresh(demand)).toMatchObject({ outcome: 'refreshed' });
  });

  it('is not made while the backoff of a failure lasts', async () => {
    const row = { state: 'failing', failingSince: at(2900), refreshAt: at(3100) } as const;
    const world = refreshWorld({ row });

    expect(await world.refresh(demand)).toMatchObject({
      outcome: 'failing',
      retryAt: at(3100),
      warning: { code: 'refresh_failing', since: at(2900) },
      token: { fence: 1 },
    });
    expect(world.calls).toEqual([]);
  });
});

describe.each([
  ['due', due],
  ['demand', demand],
])('a refresh by %s', (_, cause) => {
  it.each([
    ['runs', at(3020)],
    ['ended no longer ago than clocks may differ', at(2995)],
  ])('leaves the connection to another whose lease %s', async (_name, until) => {
    const world = refreshWorld({ row: { lease: { ...lease, until } } });
    const before = world.row();

    // Nothing is prepared: no secret is read for an attempt that another makes.
    expect(await world.refresh(cause, { clients: unread })).toMatchObject({
      outcome: 'in_progress',
      token: { fence: 1 },
    });
    expect(world.calls).toEqual([]);
    expect(world.row()).toEqual(before);
  });

  it('takes over a lease that surely ended', async () => {
    const world = refreshWorld({ row: { lease: { ...lease, until: at(2994) } } });

    expect(await world.refresh(cause)).toMatchObject({ outcome: 'refreshed' });
    expect(world.row()).not.toHaveProperty('lease');
  });

  it('calls nobody for a connection that is dead', async () => {
    const world = refreshWorld({
      row: { state: 'needs_reauth', reason: 'grant_dead', needsReauthSince: at(2000) },
    });

    expect(await world.refresh(cause, { clients: unread })).toMatchObject({
      outcome: 'needs_reauth',
      state: 'needs_reauth',
      reason: 'grant_dead',
      since: at(2000),
    });
    expect(world.calls).toEqual([]);
  });

  it('calls nobody for a connection that was deleted', async () => {
    const world = refreshWorld();
    world.connections.put(aTombstone());

    expect(await world.refresh(cause)).toMatchObject({ outcome: 'unknown_connection' });
    expect(world.calls).toEqual([]);
  });

  it('tells an unknown connection from an unknown client', async () => {
    const { ports } = refreshWorld();
    const refresh = (client: string) =>
      refreshConnection(ports, aKey('bob', client), { cause, deadlineMs: 60_000 });

    expect(await refresh('acme')).toMatchObject({ outcome: 'unknown_connection' });
    expect(await refresh('nobody')).toMatchObject({ outcome: 'unknown_client' });
  });

  it('does not take a registration that cannot be read for one that is not there', async () => {
    const { ports } = refreshWorld();
    const read = async () => {
      throw new Fault('REGISTRATION_INVALID', { client: 'acme', problems: [] });
    };

    const reply = await refreshConnection({ ...ports, clients: { read } }, aKey('bob'), {
      cause,
      deadlineMs: 60_000,
    });

    expect(reply).toMatchObject({ outcome: 'unknown_connection' });
  });
});

describe('taking the lease', () => {
  it('makes a higher fence, a lease as long as it is set, and an intent', async () => {
    const world = refreshWorld({
      answers: () => {
        expect(world.row()).toMatchObject({
          fence: dueAt * 1000,
          committedFence: 1,
          lease: { owner: 'owner-1', until: at(3000 + timing.leaseSeconds) },
          intent: { fence: dueAt * 1000, at: dueAt, credentialFence: 1 },
        });
        return { outcome: 'grant_refused' };
      },
    });

    await world.refresh();

    expect(world.calls).toHaveLength(1);
  });

  it('makes a fence above the one seen when the clock has fallen behind', async () => {
    const fence = (dueAt + 1_000_000) * 1000;
    const world = refreshWorld({ row: { fence } });

    await world.refresh();

    expect(world.row()).toMatchObject({ fence: fence + 1, committedFence: fence + 1 });
  });

  it('calls nobody when another took it in between', async () => {
    const world = refreshWorld();
    const acquire = async () => {
      world.connections.put(aConnection({ ...world.row(), fence: 2, committedFence: 1, lease }));
      return 'lost' as const;
    };

    const reply = await world.refresh(due, { connections: { ...world.connections, acquire } });

    expect(reply).toMatchObject({ outcome: 'in_progress' });
    expect(world.calls).toEqual([]);
    expect(world.row()).toMatchObject({ fence: 2, lease });
  });

  it('sends no spent refresh token when a slow answer is kept in between', async () => {
    const world = refreshWorld({
      row: { fence: 2, committedFence: 1, lease: { ...lease, until: at(2994) } },
      token: { fence: 1 },
    });
    const acquire: typeof world.connections.acquire = async (input) => {
      await world.connections.commit(aKey(), 2, aCommitted({ committedFence: 2 }));
      return world.connections.acquire(input);
    };

    const reply = await world.refresh(due, { connections: { ...world.connections, acquire } });

    expect(reply).toMatchObject({ outcome: 'in_progress' });
    expect(world.calls).toEqual([]);
    expect(world.row()).toMatchObject({ fence: 2, committedFence: 2, credentialFence: 2 });
  });

  it.each([
    ['says that it changed nothing', async () => 'lost' as const],
    [
      'is not answered',
      async (): Promise<never> => {
        throw new Fault('STORE_UNAVAILABLE', { store: 'connections', operation: 'acquire' });
      },
    ],
  ])('goes on with its own lease when the write that took it %s', async (_name, answer) => {
    const world = refreshWorld();
    const acquire: typeof world.connections.acquire = async (input) => {
      await world.connections.acquire(input);
      return answer();
    };

    const reply = await world.refresh(due, { connections: { ...world.connections, acquire } });

    expect(reply).toMatchObject({ outcome: 'refreshed' });
    expect(world.calls).toHaveLength(1);
  });

  it.each([
    [
      'a row that does not read back',
      new Fault('ROW_INVALID', { table: 'connections', key: 'acme/ann', problems: ['lease'] }),
    ],
    ['an error of nobody’s', Object.assign(new Error('other'), { code: 'STORE_UNAVAILABLE' })],
  ])('does not go on with its own lease after %s', async (_name, error) => {
    const world = refreshWorld();
    const acquire: typeof world.connections.acquire = async (input) => {
      await world.connections.acquire(input);
      throw error;
    };

    await expect(
      world.refresh(due, { connections: { ...world.connections, acquire } }),
    ).rejects.toBe(error);
    expect(world.calls).toEqual([]);
  });

  it('returns the work, uncalled, when the store takes no lease', async () => {
    const world = refreshWorld();
    const before = world.row();
    const acquire = async (): Promise<never> => {
      throw new Fault('STORE_UNAVAILABLE', { store: 'connections', operation: 'acquire' });
    };

    await expect(
      world.refresh(due, { connections: { ...world.connections, acquire } }),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(world.calls).toEqual([]);
    expect(world.row()).toEqual(before);
  });
});

describe('a connection that holds nothing to renew itself with', () => {
  const nothing = { credential: {} };

  it('is fresh while its token lives', async () => {
    const world = refreshWorld({ ...nothing });

    expect(await world.refresh()).toMatchObject({ outcome: 'fresh', token: { fence: 1 } });
    expect(world.row()).toMatchObject({ state: 'active', fence: 1 });
  });

  it.each([
    ['has ended', { token: { expiresAt: dueAt } }],
    ['was never there', { token: false as const }],
  ])('needs its owner when its token %s', async (_name, setup) => {
    const world = refreshWorld({ ...nothing, ...setup });

    expect(await world.refresh()).toMatchObject({
      outcome: 'needs_reauth',
      reason: 'no_renewal_credential',
      since: dueAt,
    });
    expect(world.calls).toEqual([]);
    expect(world.row()).toMatchObject({ state: 'needs_reauth', reason: 'no_renewal_credential' });
    expect(world.row()).not.toHaveProperty('refreshAt');
  });

  it('needs its owner also when the provider has no endpoint for what it holds', async () => {
    const world = refreshWorld({
      definition: { grants: { authorization_code: {}, refresh_token: { url: null } } },
      token: { expiresAt: dueAt },
    });

    expect(await world.refresh()).toMatchObject({ reason: 'no_renewal_credential' });
    expect(await world.credential()).toContain('refresh-1');
  });
});

describe("a tombstone in the token's place, which a reconnect left that did not come to its end", () => {
  const reconnected = async () => {
    const world = refreshWorld({ row: { fence: 7, committedFence: 7 }, token: false });
    await world.tokens.remove(aTombstone({ fence: 6 }), at(90_000));
    return world;
  };

  it('gives way to a row without a token, though nothing is due', async () => {
    const world = await reconnected();

    await world.refresh({ kind: 'due', refreshAt: at(0) });

    expect(await world.tokens.read(aKey(), true)).toMatchObject({ state: 'active', fence: 7 });
    expect(await world.tokens.read(aKey(), true)).not.toHaveProperty('sealed');
  });

  it('gives way to the token of a refresh', async () => {
    const world = await reconnected();

    expect(await world.refresh(due)).toMatchObject({ outcome: 'refreshed' });
    expect(await world.tokens.read(aKey(), true)).toHaveProperty('sealed');
  });

  it('stays where it is the newer one', async () => {
    const world = await reconnected();
    await world.tokens.remove(aTombstone({ fence: 9 }), at(90_000));

    await world.refresh({ kind: 'due', refreshAt: at(0) });

    expect(await world.tokens.read(aKey(), true)).toEqual(aTombstone({ fence: 9 }));
  });
});
