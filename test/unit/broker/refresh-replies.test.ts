import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionStore, TokenStore } from '../../../lib/broker/ports.ts';
import {
  fresh,
  holdBack,
  postponeDue,
  replyAsFound,
  replyFailing,
  replyInProgress,
  replyNeedsReauth,
} from '../../../lib/broker/refresh-replies.ts';
import { aConnection, aStoredToken, aTombstone, at } from '../../support/connections.ts';
import { dueAt, refreshWorld, storeDown } from '../../support/refresh-world.ts';
import { without } from '../../support/without.ts';

type World = ReturnType<typeof refreshWorld>;

const failing = { state: 'failing', failures: 3, failingSince: at(2900) } as const;
const warning = { code: 'client_refused', since: at(2950) } as const;
const intent = { fence: 1, at: at(2800), credentialFence: 1 };
const token = aStoredToken();

/** Holds the world's connection back, and answers what was noted, and under which fence. */
async function noted(world: World, row: Connection = world.row()) {
  const notes: Parameters<TokenStore['note']>[] = [];
  const note: TokenStore['note'] = async (...written) => {
    notes.push(written);
    return world.tokens.note(...written);
  };
  const held = world.tokens.rows.get('acme/ann');
  const reply = await holdBack(
    { ...world.ports, tokens: { ...world.tokens, note } },
    { row, token: held?.state === 'revoked' ? undefined : held, code: 'refresh_failing' },
  );
  return { reply, notes };
}

describe('a reply', () => {
  it('that nothing is to do tells how the connection fares, and what its callers are warned of', () => {
    expect(fresh(aConnection(failing), { ...token, warning })).toEqual({
      outcome: 'fresh',
      state: 'failing',
      since: at(2900),
      warning,
      token: { ...token, warning },
    });
    expect(fresh(aConnection(), undefined)).toEqual({ outcome: 'fresh', state: 'active' });
  });

  it('that another is at it says since when its outcome is unknown', () => {
    expect(replyInProgress(aConnection({ ...failing, intent }), token)).toEqual({
      outcome: 'in_progress',
      state: 'failing',
      since: at(2900),
      warning: { code: 'outcome_unknown', since: at(2800) },
      token,
    });
    expect(replyInProgress(aConnection({ lastRefreshedAt: at(7) }), undefined)).toEqual({
      outcome: 'in_progress',
      state: 'active',
      warning: { code: 'outcome_unknown', since: at(7) },
    });
  });

  it('that it fails repeats what callers are warned of, else since when it does', () => {
    const reply = replyFailing(aConnection(failing), { ...token, warning }, at(3100));

    expect(reply).toMatchObject({ outcome: 'failing', warning, retryAt: at(3100) });
    expect(replyFailing(aConnection(failing), token, at(3100)).warning).toEqual({
      code: 'refresh_failing',
      since: at(2900),
    });
    expect(replyFailing(aConnection({ lastRefreshedAt: at(7) }), undefined, at(3100))).toEqual({
      outcome: 'failing',
      state: 'active',
      warning: { code: 'refresh_failing', since: at(7) },
      retryAt: at(3100),
    });
  });

  it('that only the owner can help brings the last token along', () => {
    const row = aConnection({
      ...failing,
      state: 'needs_reauth',
      reason: 'grant_dead',
      needsReauthSince: at(2990),
    });

    expect(replyNeedsReauth(row, token)).toEqual({
      outcome: 'needs_reauth',
      state: 'needs_reauth',
      reason: 'grant_dead',
      since: at(2990),
      token,
    });
    expect(replyNeedsReauth(row, undefined)).not.toHaveProperty('token');
  });
});

describe('what is found when another came first', () => {
  const seen = aConnection();
  const foundIn = (row: Partial<Connection>, stored: Partial<typeof token> | false) => {
    const world = refreshWorld({ row, token: stored });
    return replyAsFound(world.ports, seen);
  };

  it.each([
    ['its token, once that is published', { fence: 2 }, { fence: 2 }, 'fresh'],
    ['its token, though a newer one is', { fence: 2 }, { fence: 3 }, 'fresh'],
    ['nothing yet, before', { fence: 2 }, { fence: 1 }, 'in_progress'],
    ['nothing yet, where there was none before', { fence: 2 }, false as const, 'in_progress'],
    ['nothing yet, while no answer is kept', { fence: 2, committedFence: 1 }, {}, 'in_progress'],
    ['the end of the grant', { state: 'needs_reauth' as const }, {}, 'needs_reauth'],
  ])('is %s', async (_, row, stored, outcome) => {
    expect(await foundIn(row, stored)).toMatchObject({ outcome });
  });

  it('is no token where a tombstone stands in its place', async () => {
    const world = refreshWorld({ row: { fence: 2 } });
    world.tokens.put(aTombstone({ fence: 9 }));

    const reply = await replyAsFound(world.ports, seen);

    expect(reply).toMatchObject({ outcome: 'in_progress' });
    expect(reply).not.toHaveProperty('token');
  });

  it('is read consistently', async () => {
    const world = refreshWorld({ row: { fence: 2 } });
    const reads: boolean[] = [];
    const read: TokenStore['read'] = (key, consistent) => {
      reads.push(consistent);
      return world.tokens.read(key, consistent);
    };

    await replyAsFound({ ...world.ports, tokens: { ...world.tokens, read } }, seen);

    expect(reads).toEqual([true]);
  });
});

describe('a refresh that is held back', () => {
  it('waits the longer the more attempts have failed', async () => {
    const { reply } = await noted(refreshWorld({ row: failing }));

    // The fourth failure: half of 480 s, and a tenth as floor.
    expect(reply).toMatchObject({ retryAt: at(3000 + 264) });
  });

  it.each([
    ['is in doubt', { ...failing, intent }, at(2800)],
    ['fails', failing, at(2900)],
    ['is held back', {}, dueAt],
  ])('warns since when it %s', async (_, row, since) => {
    const { reply, notes } = await noted(refreshWorld({ row }));

    expect(reply.warning).toEqual({ code: 'refresh_failing', since });
    expect(notes).toMatchObject([[{}, 1, { warning: { since } }]]);
  });

  it('notes it under the higher of both fences: the row’s, and the token’s', async () => {
    const token2 = { fence: 2 };
    const behind = await noted(
      refreshWorld({ row: { fence: 5, committedFence: 2 }, token: token2 }),
    );
    const ahead = await noted(refreshWorld({ row: { fence: 1 }, token: token2 }));
    const none = await noted(refreshWorld({ row: { fence: 5 }, token: false }));

    expect([behind, ahead, none].map(({ notes }) => notes[0]?.[1])).toEqual([5, 2, 5]);
  });
});

describe('a connection that is due and gets another moment', () => {
  const postponed = async (row: Partial<Connection>) => {
    const world = refreshWorld({ row });
    await postponeDue(world.ports, world.row(), 1);
    return world.row().refreshAt;
  };

  it.each([
    ['was due', 2900],
    ['is due now', 3000],
    ['is due by a clock that is ahead', 3005],
  ])('%s', async (_, refreshAt) => {
    // Half of 60 s, and a tenth as floor.
    expect(await postponed({ refreshAt: at(refreshAt) })).toBe(at(3033));
  });

  it('is none that is due by no clock, or never', async () => {
    const world = refreshWorld();
    const unscheduled = without(world.row(), 'refreshAt');
    world.connections.put(unscheduled);
    await postponeDue(world.ports, unscheduled, 1);

    expect(await postponed({ refreshAt: at(3006) })).toBe(at(3006));
    expect(world.row()).not.toHaveProperty('refreshAt');
  });

  it('is given under the fence of the attempt', async () => {
    const world = refreshWorld({ row: { fence: 7, committedFence: 1 } });
    const seen: unknown[] = [];
    const defer: ConnectionStore['defer'] = async (_key, fences) => {
      seen.push(fences);
      throw storeDown();
    };
    const ports = { ...world.ports, connections: { ...world.connections, defer } };

    await expect(postponeDue(ports, world.row(), 7)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(seen).toEqual([{ fence: 7, committedFence: 1 }]);
  });
});
