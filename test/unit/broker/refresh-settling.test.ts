import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionStore } from '../../../lib/broker/ports.ts';
import { Fault } from '../../../lib/fault.ts';
import type { TokenOutcome } from '../../../lib/oauth/token-endpoint.ts';
import { aCommitted, aKey, aTombstone, at } from '../../support/connections.ts';
import {
  due,
  dueAt,
  notSent,
  oldCredential,
  passwordCredential,
  refreshWorld,
  refused,
  storeDown,
} from '../../support/refresh-world.ts';
import { sealedText } from '../../support/transparent-sealer.ts';

type World = ReturnType<typeof refreshWorld>;

const fence = dueAt * 1000;
const both = { credential: { ...oldCredential, ...passwordCredential } };
/** An attempt of hours ago whose answer nobody heard. */
const oldIntent = { fence: 1, at: at(-7000), credentialFence: 1 };
const inDoubt = { intent: oldIntent, accessTokenExpiresAt: at(0) };

describe('the provider’s word that the grant is dead (RFC 6749 §5.2)', () => {
  it('ends the connection until its owner returns; nothing of it is thrown away', async () => {
    const world = refreshWorld({ answers: [refused] });

    const reply = await world.refresh();

    const death = { state: 'needs_reauth', reason: 'grant_dead' };
    expect(reply).toMatchObject({
      outcome: 'needs_reauth',
      ...death,
      since: dueAt,
      token: { fence: 1 },
    });
    expect(world.row()).toMatchObject({ ...death, needsReauthSince: dueAt, committedFence: 1 });
    for (const gone of ['lease', 'intent', 'refreshAt']) {
      expect(world.row()).not.toHaveProperty(gone);
    }
    expect(world.token()).toMatchObject({ ...death, since: dueAt, fence: 1 });
    expect(world.token()).not.toHaveProperty('retryAt');
    expect(await world.credential()).toContain('refresh-1');
    expect(world.counted).toContain('reauthorization_required');
  });

  it('is the end of the refresh token where that had ended', async () => {
    const world = refreshWorld({ answers: [refused], row: { refreshTokenExpiresAt: dueAt } });

    expect(await world.refresh()).toMatchObject({ reason: 'renewal_credential_expired' });
  });

  it('is not its end a moment before', async () => {
    const world = refreshWorld({ answers: [refused], row: { refreshTokenExpiresAt: at(3001) } });

    expect(await world.refresh()).toMatchObject({ reason: 'grant_dead' });
  });

  it('is our own loss where an earlier attempt never heard its answer', async () => {
    const world = refreshWorld({ answers: [refused], row: inDoubt });

    expect(await world.refresh()).toMatchObject({ outcome: 'needs_reauth', reason: 'answer_lost' });
    expect(world.row()).toMatchObject({ reason: 'answer_lost' });
  });

  it('is our own loss even where the refresh token had ended: a later one may be on its way', async () => {
    const row = { ...inDoubt, refreshTokenExpiresAt: at(2000) };
    const world = refreshWorld({ answers: [refused], row });

    expect(await world.refresh()).toMatchObject({ reason: 'answer_lost' });
  });

  it('is our own loss also when the retained credentials are refused after it', async () => {
    const world = refreshWorld({ ...both, answers: [refused], row: inDoubt });

    expect(await world.refresh()).toMatchObject({ reason: 'answer_lost' });
    expect(world.calls).toHaveLength(2);
  });

  it('is undone by that answer, when it comes after all', async () => {
    const world = refreshWorld({ answers: [refused], row: inDoubt });
    await world.refresh();

    await world.connections.commitLate(
      aKey(),
      fence - 1,
      aCommitted({ committedFence: fence - 1 }),
    );

    expect(world.row()).toMatchObject({ state: 'active', committedFence: fence - 1 });
  });

  it('about retained credentials alone is the end', async () => {
    const world = refreshWorld({
      credential: passwordCredential,
      answers: [refused],
      row: inDoubt,
    });

    expect(await world.refresh()).toMatchObject({ reason: 'grant_dead' });
  });
});

describe('a refusal while somebody else has refreshed', () => {
  const committing = (world: World) => {
    const answer = aCommitted({ committedFence: 5 });
    world.connections.put({ ...world.row(), ...answer, credentialFence: 5 });
  };
  const publishing = (world: World) => {
    const sealed = sealedText('access_token', { ...aKey(), fence: 5 }, 'access-5');
    world.tokens.put({ ...world.token(), fence: 5, sealed, expiresAt: at(6600) });
  };

  it('adopts what is kept, and gives the lease back', async () => {
    const world = refreshWorld({
      answers: () => {
        committing(world);
        publishing(world);
        return refused;
      },
    });

    expect(await world.refresh()).toMatchObject({ outcome: 'fresh', token: { fence: 5 } });
    expect(world.row()).toMatchObject({ state: 'active', committedFence: 5 });
    expect(world.row()).not.toHaveProperty('lease');
    expect(world.row()).not.toHaveProperty('intent');
    expect(world.counted).toContain('refresh_race_recovered');
  });

  it('has the caller wait where that is not published yet', async () => {
    const world = refreshWorld({
      answers: () => {
        committing(world);
        return refused;
      },
    });

    expect(await world.refresh()).toMatchObject({ outcome: 'in_progress' });
  });

  it('adopts also what is kept at the last moment before the mark', async () => {
    const world = refreshWorld({ answers: [refused] });
    const markDead: ConnectionStore['markDead'] = async (...mark) => {
      committing(world);
      publishing(world);
      return world.connections.markDead(...mark);
    };

    const reply = await world.refresh(due, { connections: { ...world.connections, markDead } });

    expect(reply).toMatchObject({ outcome: 'fresh', token: { fence: 5 } });
    expect(world.row()).toMatchObject({ state: 'active' });
    expect(world.row()).not.toHaveProperty('lease');
  });

  it('does not touch a credential that came from a reconnect', async () => {
    const reconnected: Partial<Connection> = { fence: fence + 1, committedFence: fence + 1 };
    const world = refreshWorld({
      answers: () => {
        world.connections.put({ ...world.row(), ...reconnected, credentialFence: fence + 1 });
        return refused;
      },
    });

    await world.refresh();

    expect(world.row()).toMatchObject({ state: 'active', ...reconnected });
  });

  it('finds a deleted connection deleted', async () => {
    const world = refreshWorld({
      answers: () => {
        world.connections.put(aTombstone({ fence: fence + 1 }));
        return refused;
      },
    });

    expect(await world.refresh()).toMatchObject({ outcome: 'unknown_connection' });
  });
});

it('tells callers of a death whose mark was made but not answered', async () => {
  const world = refreshWorld({ answers: [refused] });
  const markDead: ConnectionStore['markDead'] = async (...mark) => {
    await world.connections.markDead(...mark);
    return 'lost';
  };

  const reply = await world.refresh(due, { connections: { ...world.connections, markDead } });

  expect(reply).toMatchObject({ outcome: 'needs_reauth', reason: 'grant_dead' });
  expect(world.token()).toMatchObject({
    state: 'needs_reauth',
    reason: 'grant_dead',
    since: dueAt,
  });
});

describe('too little time', () => {
  it('before the lease means no lease and no call', async () => {
    const world = refreshWorld();

    expect(await world.refresh(due, { leftMs: 14_999 })).toMatchObject({ outcome: 'in_progress' });
    expect(world.calls).toEqual([]);
    expect(world.row()).toMatchObject({ fence: 1 });
    expect(world.row()).not.toHaveProperty('lease');
  });

  it('is no less than provider and store may take', async () => {
    const world = refreshWorld();

    expect(await world.refresh(due, { leftMs: 15_000 })).toMatchObject({ outcome: 'refreshed' });
  });

  it('after the lease gives it back with its intent, whatever the wall clock says', async () => {
    const world = refreshWorld();
    const acquire: ConnectionStore['acquire'] = async (input) => {
      const result = await world.connections.acquire(input);
      await world.clock.advance(16_000);
      world.clock.setWallClock(at(2000));
      return result;
    };

    const reply = await world.refresh(due, { connections: { ...world.connections, acquire } });

    expect(reply).toMatchObject({ outcome: 'in_progress' });
    expect(world.calls).toEqual([]);
    expect(world.row()).toMatchObject({ fence, state: 'active' });
    expect(world.row()).not.toHaveProperty('lease');
    expect(world.row()).not.toHaveProperty('intent');
  });

  it.each([
    ['before', 10_000, 0],
    ['after', 60_000, 16_000],
  ])('%s the lease gives what is due another moment', async (_name, leftMs, slowMs) => {
    const world = refreshWorld();
    const acquire: ConnectionStore['acquire'] = async (input) => {
      await world.clock.advance(slowMs);
      return world.connections.acquire(input);
    };

    await world.refresh(due, { leftMs, connections: { ...world.connections, acquire } });

    expect(world.calls).toEqual([]);
    expect(world.row().refreshAt).toBeGreaterThan(dueAt);
    expect(world.row().refreshAt).toBeLessThanOrEqual(world.clock.now() + 60);
  });

  it('for the retained credentials does not make the connection dead', async () => {
    const world = refreshWorld({
      ...both,
      answers: (request) => {
        if (request.grantType === 'refresh_token') void world.clock.advance(20_000);
        return refused;
      },
    });

    expect(await world.refresh()).toMatchObject({ outcome: 'in_progress' });
    expect(world.calls).toHaveLength(1);
    expect(world.row()).toMatchObject({ state: 'active' });
    expect(world.row()).not.toHaveProperty('intent');
  });
});

describe('a failure that says nothing of the grant', () => {
  it.each<[string, TokenOutcome]>([
    ['an outage', notSent],
    ['a refusal of our request', { outcome: 'request_refused', error: 'invalid_scope' }],
  ])('such as %s, is counted, told and tried again', async (_name, outcome) => {
    const world = refreshWorld({
      answers: [outcome],
      row: { failures: 1, failingSince: at(2900) },
    });

    const reply = await world.refresh();

    const refreshAt = at(3066);
    const warning = { code: 'refresh_failing', since: at(2900) };
    expect(reply).toMatchObject({
      outcome: 'failing',
      warning,
      retryAt: refreshAt,
      token: { fence: 1 },
    });
    expect(world.row()).toMatchObject({
      state: 'failing',
      failures: 2,
      failingSince: at(2900),
      refreshAt,
      committedFence: 1,
    });
    expect(world.row()).not.toHaveProperty('lease');
    expect(world.row()).not.toHaveProperty('intent');
    expect(world.token()).toMatchObject({
      state: 'failing',
      warning,
      retryAt: refreshAt,
      fence: 1,
    });
  });

  it.each([
    ['as the provider asked', 500, 3500],
    ['no more than a day', 1e9, 3000 + 86_400],
    ['by our own backoff, where that is longer', 1, 3033],
  ])('is tried again %s', async (_name, retryAfterSeconds, refreshAt) => {
    const world = refreshWorld({
      answers: [
        { outcome: 'unavailable', trouble: 'rate_limited', undecided: false, retryAfterSeconds },
      ],
    });

    expect(await world.refresh()).toMatchObject({ retryAt: at(refreshAt) });
  });

  it('is spread by full jitter', async () => {
    const refreshAt = async (random: number) => {
      const world = refreshWorld({ answers: [notSent], row: { failures: 3 } });
      await world.refresh(due, { random: () => random });
      return world.row().refreshAt;
    };

    expect(await refreshAt(0)).toBe(at(3048));
    expect(await refreshAt(1)).toBe(at(3480));
  });

  it('is made of a request that cannot be built', async () => {
    const world = refreshWorld();
    const requestToken = async (): Promise<never> => {
      throw new Fault('REQUEST_INVALID', { problems: ['params.userId is required'] });
    };

    expect(await world.refresh(due, { requestToken })).toMatchObject({ outcome: 'failing' });
    expect(world.row()).toMatchObject({ state: 'failing' });
    expect(world.row()).not.toHaveProperty('intent');
    expect(world.log.lines).toContainEqual(expect.objectContaining({ event: 'request_not_built' }));
  });

  it('is not recorded over what another has begun since', async () => {
    const lease = { owner: 'another', until: at(3060) };
    const world = refreshWorld({
      answers: () => {
        world.connections.put({ ...world.row(), fence: fence + 7, lease });
        return notSent;
      },
    });

    expect(await world.refresh()).toMatchObject({ outcome: 'in_progress' });
    expect(world.row()).toMatchObject({ state: 'active', failures: 0, lease });
    expect(world.token()).toMatchObject({ state: 'active' });
    expect(world.token()).not.toHaveProperty('retryAt');
  });

  it('is recorded although callers cannot be told through the table', async () => {
    const world = refreshWorld({ answers: [notSent] });
    const note = async (): Promise<never> => {
      throw storeDown();
    };

    expect(await world.refresh(due, { tokens: { ...world.tokens, note } })).toMatchObject({
      outcome: 'failing',
    });
    expect(world.row()).toMatchObject({ state: 'failing' });
  });
});
