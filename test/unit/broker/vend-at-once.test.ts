import { describe, expect, it } from 'vitest';
import { tokenCache } from '../../../lib/broker/token-cache.ts';
import { Fault } from '../../../lib/fault.ts';
import { aTombstone, at } from '../../support/connections.ts';
import { storeDown } from '../../support/refresh-world.ts';
import { aNewerToken, aSealedToken, vendWorld } from '../../support/vend-world.ts';

const expired = { expiresAt: at(0) };

describe('a thousand callers at once of one expired token', () => {
  it('cause one refresh, and all get its result', async () => {
    const world = vendWorld({
      token: expired,
      refresh: async () => {
        await world.clock.sleep(2000);
        await world.tokens.publish(aNewerToken(0));
        return { outcome: 'refreshed', state: 'active', token: aNewerToken(0) };
      },
    });

    // Each is a container of its own: no cache is shared.
    const vended = await Promise.all(
      Array.from({ length: 1000 }, () => world.vend({}, { cache: tokenCache() })),
    );

    expect(world.refreshes).toHaveLength(1);
    expect(vended.every(({ accessToken }) => accessToken.reveal() === 'access-2')).toBe(true);
    expect(vended.every(({ warning }) => warning === undefined)).toBe(true);
  });

  it('are all told when it fails, after one call', async () => {
    const note = { state: 'failing', since: at(0), retryAt: at(60) } as const;
    const world = vendWorld({
      token: expired,
      refresh: async () => {
        await world.clock.sleep(500);
        await world.tokens.note(aNewerToken(0), 1, note);
        return { outcome: 'failing', ...note };
      },
    });

    const endings = await Promise.allSettled(
      Array.from({ length: 1000 }, () => world.vend({}, { cache: tokenCache() })),
    );

    expect(world.refreshes).toHaveLength(1);
    for (const ending of endings) {
      expect(ending).toMatchObject({ reason: { code: 'TEMPORARILY_UNAVAILABLE' } });
    }
    expect(world.clock.monotonicMs()).toBeLessThan(3000);
  });

  it('are all told when the connection proves dead', async () => {
    const death = { state: 'needs_reauth', reason: 'grant_dead', since: at(0) } as const;
    const world = vendWorld({
      token: expired,
      refresh: async () => {
        await world.clock.sleep(500);
        await world.tokens.note(aNewerToken(0), 1, death);
        return { outcome: 'needs_reauth', ...death };
      },
    });

    const endings = await Promise.allSettled(
      Array.from({ length: 100 }, () => world.vend({}, { cache: tokenCache() })),
    );

    for (const ending of endings) {
      expect(ending).toMatchObject({ reason: { code: 'REAUTHORIZATION_REQUIRED' } });
    }
  });
});

describe('callers who lost the claim', () => {
  const claimed = { ...expired, refreshClaimedUntil: at(30) };

  it('wait as long as they said, and no longer', async () => {
    const world = vendWorld({ token: claimed });

    await expect(world.vend()).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
    expect(world.clock.monotonicMs()).toBe(10_000);
    expect(world.refreshes).toEqual([]);
  });

  it.each([
    ['between', 0.5, [75, 150, 300, 600, 750, 750, 750]],
    ['at the least', 0, [50, 100, 200, 400, 500, 500, 500]],
  ])('read after pauses that double up to a second, with jitter: %s', async (_, random, pauses) => {
    const world = vendWorld({ token: claimed });
    const readAtMs: number[] = [];
    const read: typeof world.tokens.read = (key, consistent) => {
      readAtMs.push(world.clock.monotonicMs());
      return world.tokens.read(key, consistent);
    };

    const over = { tokens: { ...world.tokens, read }, random: () => random };
    await world.vend({}, over).catch(() => undefined);

    const polls = readAtMs.slice(1);
    const between = polls.slice(1).map((atMs, index) => atMs - (polls[index] ?? 0));
    expect(between.slice(0, 7)).toEqual(pauses);
    expect(polls.at(-1)).toBe(10_000);
  });

  it('read consistently', async () => {
    const world = vendWorld({ token: claimed });
    const consistency: boolean[] = [];
    const read: typeof world.tokens.read = (key, consistent) => {
      consistency.push(consistent);
      return world.tokens.read(key, consistent);
    };

    await world.vend({}, { tokens: { ...world.tokens, read } }).catch(() => undefined);

    const [first, ...polls] = consistency;
    expect(first).toBe(false);
    expect(new Set(polls)).toEqual(new Set([true]));
  });

  it('go on after a poll that failed', async () => {
    const world = vendWorld({ token: claimed });
    let reads = 0;
    const read: typeof world.tokens.read = async (key, consistent) => {
      reads += 1;
      if (reads !== 3) return world.tokens.read(key, consistent);
      world.tokens.put(aNewerToken(0));
      throw storeDown();
    };

    const vended = await world.vend({}, { tokens: { ...world.tokens, read } });

    expect(vended.accessToken.reveal()).toBe('access-2');
    expect(reads).toBe(4);
  });

  it.each([
    [
      'is damaged',
      new Fault('ROW_INVALID', { table: 'tokens', key: 'acme/ann', problems: ['fence'] }),
    ],
    ['fails like nothing known', Object.assign(new Error(), { code: 'STORE_UNAVAILABLE' })],
  ])('do not go on after a poll that %s', async (_, error) => {
    const world = vendWorld({ token: claimed });
    let reads = 0;
    const read: typeof world.tokens.read = async (key, consistent) => {
      reads += 1;
      if (reads === 3) throw error;
      return world.tokens.read(key, consistent);
    };

    await expect(world.vend({}, { tokens: { ...world.tokens, read } })).rejects.toBe(error);
  });

  it('wait also where the token has ended while they tried to get the claim', async () => {
    const life = { obtainedAt: at(-3595), expiresAt: at(5) };
    const world = vendWorld({ token: { ...claimed, ...life } });
    const claim: typeof world.tokens.claim = async (...claimed) => {
      await world.clock.advance(6000);
      void world.clock.sleep(2000).then(() => world.tokens.put(aNewerToken(6)));
      return world.tokens.claim(...claimed);
    };

    const vended = await world.vend({}, { tokens: { ...world.tokens, claim } });

    expect(vended.accessToken.reveal()).toBe('access-2');
  });

  it('wait on for the token of a new grant that has none yet', async () => {
    const world = vendWorld({ token: claimed });
    const { sealed: _none, expiresAt: _end, ...empty } = aSealedToken({ fence: 2 });
    void world.clock.sleep(1000).then(() => world.tokens.put(empty));
    void world.clock.sleep(3000).then(() => world.tokens.put(aSealedToken({ fence: 3 })));

    expect((await world.vend()).accessToken.reveal()).toBe('access-3');
  });

  it('may claim when the one who had it fell silent', async () => {
    const world = vendWorld({
      token: claimed,
      refresh: () => ({ outcome: 'refreshed', state: 'active', token: aNewerToken(30) }),
    });
    await world.clock.advance(30_000);

    expect((await world.vend()).token.fence).toBe(2);
    expect(world.refreshes).toHaveLength(1);
  });
});

it('waits for what another worker publishes, when refresh says that one is at it', async () => {
  const world = vendWorld({
    token: expired,
    refresh: () => ({ outcome: 'in_progress', state: 'active' }),
  });
  const vending = world.vend();
  world.tokens.put(aNewerToken(0));

  expect((await vending).accessToken.reveal()).toBe('access-2');
});

it('waits for the first token of all, when refresh says that one is at it', async () => {
  const world = vendWorld({
    token: false,
    refresh: async () => {
      void world.clock.sleep(2000).then(() => world.tokens.put(aSealedToken()));
      return { outcome: 'in_progress', state: 'active' };
    },
  });

  expect((await world.vend()).accessToken.reveal()).toBe('access-1');
});

it.each([
  ['with no token', undefined],
  ['with a newer one that has ended too', aSealedToken({ fence: 2, ...expired })],
])('goes on waiting when refresh says, %s, that one is at it', async (_name, token) => {
  const world = vendWorld({
    token: expired,
    refresh: async () => {
      if (token) world.tokens.put(token);
      const publishing = world.clock.sleep(2000);
      void publishing.then(() => world.tokens.put(aSealedToken({ fence: 3 })));
      return { outcome: 'in_progress', state: 'active', ...(token && { token }) };
    },
  });

  expect((await world.vend()).accessToken.reveal()).toBe('access-3');
});

it('vends what was published although the refresh that was asked for did not answer', async () => {
  const world = vendWorld({
    token: expired,
    refresh: () => {
      world.tokens.put(aNewerToken(0));
      return undefined;
    },
  });

  expect((await world.vend()).accessToken.reveal()).toBe('access-2');
});

it('reads consistently what a refresh may have published that did not answer', async () => {
  const world = vendWorld({ token: expired, refresh: () => undefined });
  const consistency: boolean[] = [];
  const read: typeof world.tokens.read = (key, consistent) => {
    consistency.push(consistent);
    return world.tokens.read(key, consistent);
  };

  await world.vend({}, { tokens: { ...world.tokens, read } }).catch(() => undefined);

  expect(consistency).toEqual([false, true, true]);
});

it('says that a connection was deleted while its refresh did not answer', async () => {
  const world = vendWorld({
    token: expired,
    refresh: () => {
      world.tokens.put(aTombstone({ fence: 9 }));
      return undefined;
    },
  });

  await expect(world.vend()).rejects.toMatchObject({ code: 'UNKNOWN_CONNECTION' });
});

it('has it refreshed when its own claim comes back as taken', async () => {
  const world = vendWorld({
    token: expired,
    refresh: () => ({ outcome: 'refreshed', state: 'active', token: aNewerToken(0) }),
  });
  const { tokens } = world.ports;
  // As the SDK does when the answer to its first try was lost.
  const claim: typeof tokens.claim = async (...claimed) => {
    await tokens.claim(...claimed);
    return tokens.claim(...claimed);
  };

  expect((await world.vend({}, { tokens: { ...tokens, claim } })).token.fence).toBe(2);
});
