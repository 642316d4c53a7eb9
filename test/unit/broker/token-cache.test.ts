import { describe, expect, it } from 'vitest';
import type { StoredToken } from '../../../lib/broker/ports.ts';
import { tokenCache, warnOf } from '../../../lib/broker/token-cache.ts';
import { Secret } from '../../../lib/secret.ts';
import { seconds } from '../../../lib/time.ts';
import { aKey, aTombstone, at } from '../../support/connections.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { aNewerToken, aSealedToken, vendWorld } from '../../support/vend-world.ts';

const openOf = (token: StoredToken) => ({
  token,
  accessToken: new Secret('access_token', `access-${token.fence}`),
  fingerprint: `k1.${token.fence}`,
});

function cacheWith(...tokens: readonly StoredToken[]) {
  const clock = movingClock();
  const cache = tokenCache();
  for (const token of tokens) cache.keep(openOf(token), clock);
  return { clock, cache };
}

describe('a warm container', () => {
  it('vends from memory without a read for less than 30 s', async () => {
    const world = vendWorld();
    await world.vend();
    await world.clock.advance(29_999);
    await world.vend();

    expect(world.asked).toEqual(['read']);

    await world.clock.advance(1);
    await world.vend();
    expect(world.asked).toEqual(['read', 'read']);

    await world.vend();
    expect(world.asked).toHaveLength(2);
  });

  it('does not vend a disconnected connection any longer than that', async () => {
    const world = vendWorld();
    await world.vend();
    for (let second = 0; second < 29; second += 1) {
      await world.clock.advance(1000);
      await world.vend();
    }
    world.tokens.put(aTombstone());
    await world.clock.advance(1000);

    await expect(world.vend()).rejects.toMatchObject({ code: 'UNKNOWN_CONNECTION' });
  });

  it('never vends a token past its end', async () => {
    const world = vendWorld({
      token: { obtainedAt: at(-10), expiresAt: at(10) },
      refresh: () => undefined,
    });
    await world.vend();
    await world.clock.advance(10_000);

    await expect(world.vend()).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
  });

  it('has another refreshed for who needs a longer life', async () => {
    const world = vendWorld({
      token: { obtainedAt: at(-300), expiresAt: at(59) },
      refresh: () => ({ outcome: 'refreshed', state: 'active', token: aNewerToken(0) }),
    });

    expect((await world.vend({ minTtlSeconds: seconds(0) })).token.fence).toBe(1);
    expect((await world.vend()).token.fence).toBe(2);
    expect((await world.vend()).token.fence).toBe(2);
    expect(world.refreshes).toHaveLength(1);
  });

  it('never vends the token of another connection', async () => {
    const world = vendWorld();
    const bob = aKey('bob');
    world.tokens.put(aSealedToken({ fence: 7 }, bob));
    await world.vend();

    expect((await world.vend(bob)).accessToken.reveal()).toBe('access-7');
    expect((await world.vend()).accessToken.reveal()).toBe('access-1');
    expect(await world.vend(aKey('ann', 'other')).catch((error) => error.message)).toMatch(
      /refresh/,
    );
  });
});

describe('the cache', () => {
  it('does not make an entry younger by reading or keeping it again', async () => {
    const { cache, clock } = cacheWith(aSealedToken());
    await clock.advance(20_000);
    cache.keep(openOf(aSealedToken()), clock);
    await clock.advance(10_000);

    expect(cache.read(aKey(), clock)).toBeUndefined();
  });

  it('keeps the newer of two tokens', async () => {
    const { cache, clock } = cacheWith(aSealedToken(), aNewerToken());

    expect(cache.read(aKey(), clock)?.token.fence).toBe(2);
  });

  it.each<[string, Partial<StoredToken>]>([
    ['fails', { state: 'failing' }],
    ['is dead', { state: 'needs_reauth' }],
    ['is put off', { retryAt: at(60) }],
    ['comes with a warning', { warning: { code: 'client_refused', since: at(0) } }],
  ])('keeps nothing of a connection that %s, and drops what it had', (_name, trouble) => {
    const { cache, clock } = cacheWith(aSealedToken(), aSealedToken({ fence: 2, ...trouble }));

    expect(cache.read(aKey(), clock)).toBeUndefined();
  });

  it('keeps a token whose renewal is announced to end', () => {
    const warning = { code: 'renewal_expiring', since: at(0) } as const;
    const { cache, clock } = cacheWith(aSealedToken({ warning }));

    expect(cache.read(aKey(), clock)?.token.warning).toEqual(warning);
  });

  it('grows to a thousand tokens, and drops the oldest', () => {
    const keys = Array.from({ length: 1001 }, (_, index) => aKey(`user-${index}`));
    const { cache, clock } = cacheWith(...keys.map((key) => aSealedToken({}, key)));

    expect(cache.read(aKey('user-0'), clock)).toBeUndefined();
    expect(cache.read(aKey('user-1'), clock)).toBeDefined();
    expect(cache.read(aKey('user-1000'), clock)).toBeDefined();
  });

  it('goes by the monotonic clock', async () => {
    const { cache, clock } = cacheWith(aSealedToken());
    clock.setWallClock(at(-3600));
    await clock.advance(30_000);

    expect(cache.read(aKey(), clock)).toBeUndefined();
  });

  it('goes by the wall clock where the monotonic one stood still, in a frozen container', () => {
    const { cache, clock } = cacheWith(aSealedToken());
    clock.setWallClock(at(30));

    expect(cache.read(aKey(), clock)).toBeUndefined();
  });
});

describe('the warning of a token whose connection fails, where none is stored', () => {
  const warned = (since: Partial<StoredToken>) =>
    warnOf(aSealedToken({ state: 'failing', ...since }), { now: at(9), lacking: false });

  it('tells since when it fails', () => {
    expect(warned({ since: at(5) })).toEqual({ code: 'refresh_failing', since: at(5) });
  });

  it('tells of now where that is not known', () => {
    expect(warned({})).toEqual({ code: 'refresh_failing', since: at(9) });
  });
});
