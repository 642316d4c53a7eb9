import { describe, expect, it } from 'vitest';
import type { ConnectionStore, TokenStore } from '../../../lib/broker/ports.ts';
import { aKey, at } from '../../support/connections.ts';
import { interposed } from '../../support/interposed.ts';
import {
  due,
  dueAt,
  granted,
  notSent,
  oldCredential,
  passwordCredential,
  refreshWorld,
  refused,
  storeDown,
} from '../../support/refresh-world.ts';

type World = ReturnType<typeof refreshWorld>;

const fence = dueAt * 1000;

/** The token store, and what is noted there. */
function watchedTokens({ tokens }: World) {
  const notes: Parameters<TokenStore['note']>[] = [];
  const note: TokenStore['note'] = (...written) => {
    notes.push(written);
    return tokens.note(...written);
  };
  return { notes, tokens: { ...tokens, note } };
}

describe('an outcome', () => {
  it.each([
    ['a success', granted(), []],
    [
      'an outage',
      notSent,
      [{ connection: 'acme/ann', ending: 'unavailable', trouble: 'network', undecided: false }],
    ],
  ])('is counted, and logged where it is a failure: %s', async (_, outcome, details) => {
    const world = refreshWorld({ answers: [outcome] });
    const counts: unknown[] = [];
    const count = (...counted: readonly unknown[]) => counts.push(counted);

    await world.refresh(due, { count });

    expect(counts).toContainEqual(['refresh', { provider: 'oauth2', outcome: outcome.outcome }]);
    const logged = world.log.lines.filter(({ event }) => event === 'refresh_failed');
    expect(logged.map((line) => line.details)).toEqual(details);
  });
});

describe('a first failure', () => {
  it('is when the connection began to fail', async () => {
    const world = refreshWorld({ answers: [notSent] });

    expect(await world.refresh()).toMatchObject({ since: dueAt });
    expect(world.row()).toMatchObject({ failures: 1, failingSince: dueAt });
  });
});

describe('a refusal of the grant', () => {
  it('of a row that is gone is no death', async () => {
    const world = refreshWorld({ answers: [refused] });
    let reads = 0;
    const changes: Partial<ConnectionStore> = {
      read: async (key) => {
        reads += 1;
        return reads === 1 ? world.connections.read(key) : undefined;
      },
      markDead: async () => 'lost',
    };

    expect(
      await world.refresh(due, { connections: { ...world.connections, ...changes } }),
    ).toMatchObject({ outcome: 'unknown_connection' });
    expect(world.counted).not.toContain('reauthorization_required');
  });

  it('is not the end of a refresh token that was not sent, though that has ended', async () => {
    const world = refreshWorld({
      row: { refreshTokenExpiresAt: at(2000) },
      credential: { ...oldCredential, ...passwordCredential },
      definition: { grants: { password: {}, refresh_token: { url: null } } },
      answers: [refused],
    });

    expect(await world.refresh()).toMatchObject({ reason: 'grant_dead' });
  });

  it('is not told to callers where the mark was lost to another’s answer', async () => {
    const world = refreshWorld({ answers: [refused] });
    const watched = watchedTokens(world);
    const markDead: ConnectionStore['markDead'] = async () => {
      world.connections.put({ ...world.row(), committedFence: fence - 1 });
      return 'lost';
    };

    const reply = await world.refresh(due, {
      connections: { ...world.connections, markDead },
      tokens: watched.tokens,
    });

    expect(reply).toMatchObject({ outcome: 'in_progress' });
    expect(watched.notes).toEqual([]);
  });

  it('is told by the attempt that has marked it, and not once more by another', async () => {
    const world = refreshWorld({ answers: [refused] });
    const death = { reason: 'answer_lost', needsReauthSince: at(3001) } as const;
    const connections = interposed(world.connections, async (method, call) => {
      if (method === 'markDead') {
        const marked = {
          ...world.row(),
          fence: fence + 1,
          state: 'needs_reauth',
          ...death,
        } as const;
        world.connections.put(marked);
      }
      return call();
    });

    expect(await world.refresh(due, { connections })).toMatchObject({
      outcome: 'needs_reauth',
      reason: 'answer_lost',
      since: at(3001),
    });
    expect(world.counted).not.toContain('reauthorization_required');
  });
});

describe('an ending that our own store does not take at first', () => {
  /** A store whose method fails so many times: `before` it is carried out, or `after`. */
  const failing = (
    world: World,
    method: keyof ConnectionStore,
    when: 'before' | 'after',
    times = 3,
  ) => {
    let left = times;
    return interposed(world.connections, async (name, call) => {
      if (name !== method || left <= 0) return call();
      left -= 1;
      if (when === 'after') await call();
      throw storeDown();
    });
  };
  const both = ['before', 'after'] as const;

  it.each(both)('marks a death all the same, and tells it once: it fails %s', async (when) => {
    const world = refreshWorld({ answers: [refused] });

    const reply = await world.refresh(due, { connections: failing(world, 'markDead', when) });

    expect(reply).toMatchObject({ outcome: 'needs_reauth', reason: 'grant_dead', since: dueAt });
    expect(world.row()).toMatchObject({ state: 'needs_reauth', reason: 'grant_dead' });
    expect(world.token()).toMatchObject({ state: 'needs_reauth', reason: 'grant_dead' });
    expect(world.counted.filter((name) => name === 'reauthorization_required')).toHaveLength(1);
  });

  it.each(both)('leaves no doubt where nothing was sent: it fails %s', async (when) => {
    const world = refreshWorld({ answers: [notSent, refused] });

    await world.refresh(due, { connections: failing(world, 'fail', when) });

    expect(world.row()).toMatchObject({ state: 'failing', failures: 1 });
    expect(world.row()).not.toHaveProperty('intent');
    expect(world.row()).not.toHaveProperty('lease');
  });

  it.each(both)('leaves no doubt where the client was refused: it fails %s', async (when) => {
    const world = refreshWorld({ answers: [{ outcome: 'client_refused' }] });

    await world.refresh(due, { connections: failing(world, 'release', when) });

    expect(world.row()).not.toHaveProperty('intent');
    expect(await world.clientStatus.read(aKey().client)).toMatchObject({ refusedAt: dueAt });
  });

  it('is tried no longer than the lease, and left to the next attempt then', async () => {
    const world = refreshWorld({ answers: [refused] });
    const connections = failing(world, 'markDead', 'before', 1000);
    const startedMs = world.clock.monotonicMs();

    await expect(world.refresh(due, { connections })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });

    expect(world.clock.monotonicMs() - startedMs).toBe(29_000);
    expect(world.row()).toMatchObject({ state: 'active', intent: { fence } });
  });

  it('does not believe a death that cannot be counted, and is not in doubt of it', async () => {
    const world = refreshWorld({ answers: [refused, refused] });
    const countRefusedGrant = async (): Promise<never> => {
      throw storeDown();
    };

    const reply = await world.refresh(due, {
      clientStatus: { ...world.clientStatus, countRefusedGrant },
    });

    expect(reply).toMatchObject({ outcome: 'failing', warning: { code: 'refresh_failing' } });
    expect(world.row()).toMatchObject({ state: 'failing', failures: 1 });
    expect(world.row()).not.toHaveProperty('intent');
    // That is a trouble of ours; the brake stands for too many deaths.
    expect(world.counted).not.toContain('reauthorization_held');
    const { refreshAt = dueAt } = world.row();
    await world.clock.advance((refreshAt - world.clock.now()) * 1000);
    expect(await world.refresh({ kind: 'due', refreshAt })).toMatchObject({ reason: 'grant_dead' });
  });
});

describe('a refusal of the client', () => {
  it('leaves to another what another has begun since', async () => {
    const lease = { owner: 'another', until: at(3060) };
    const world: World = refreshWorld({
      answers: () => {
        world.connections.put({ ...world.row(), fence: fence + 7, lease });
        return { outcome: 'client_refused' };
      },
    });
    const watched = watchedTokens(world);

    expect(await world.refresh(due, { tokens: watched.tokens })).toMatchObject({
      outcome: 'in_progress',
    });
    expect(world.row()).toMatchObject({ lease, refreshAt: dueAt });
    expect(watched.notes).toEqual([]);
  });
});
