import { describe, expect, it } from 'vitest';
import type { RefreshReply } from '../../../lib/broker/ports.ts';
import { seconds } from '../../../lib/time.ts';
import { aKey, at } from '../../support/connections.ts';
import { aNewerToken, aSealedToken, vendWorld } from '../../support/vend-world.ts';

const unknownConnection: RefreshReply = { outcome: 'unknown_connection', state: 'needs_reauth' };
const unknownClient: RefreshReply = { outcome: 'unknown_client', state: 'needs_reauth' };
const aWorldWithout = (refresh: () => RefreshReply | 'busy' | undefined) =>
  vendWorld({ token: false, refresh });
const codeOf = (vending: Promise<unknown>) =>
  vending.then(
    () => 'vended',
    ({ code }) => code,
  );

describe('a name that belongs to no connection', () => {
  it('is asked about once in 30 s, however often it is vended', async () => {
    const world = aWorldWithout(() => unknownConnection);

    const codes = [];
    for (let vend = 0; vend < 100; vend += 1) codes.push(await codeOf(world.vend()));
    expect(new Set(codes)).toEqual(new Set(['UNKNOWN_CONNECTION']));
    expect(world.refreshes).toHaveLength(1);

    await world.clock.advance(30_000);
    await codeOf(world.vend());
    expect(world.refreshes).toHaveLength(2);
    await codeOf(world.vend());
    expect(world.refreshes).toHaveLength(2);
  });

  it('of an unknown client is not asked about under another name of that client', async () => {
    const world = aWorldWithout(() => unknownClient);

    expect(await codeOf(world.vend(aKey('ann')))).toBe('UNKNOWN_CLIENT');
    expect(await codeOf(world.vend(aKey('bob')))).toBe('UNKNOWN_CLIENT');
    expect(world.refreshes).toHaveLength(1);
  });

  it.each([
    ['connection', unknownConnection],
    ['client', unknownClient],
  ])('says nothing of the same name at another client: unknown %s', async (_, answer) => {
    const world = aWorldWithout(() => answer);

    await codeOf(world.vend(aKey('ann')));
    await codeOf(world.vend(aKey('ann', 'other')));

    expect(world.refreshes).toHaveLength(2);
  });

  it('is one of five that a container asks about in 30 s, whatever is made up', async () => {
    const world = aWorldWithout(() => unknownConnection);

    for (let name = 0; name < 1000; name += 1) {
      expect(await codeOf(world.vend(aKey(`made-up-${name}`)))).toBe('UNKNOWN_CONNECTION');
    }

    expect(world.refreshes).toHaveLength(5);
  });

  it('becomes vendable the moment that it is connected', async () => {
    const world = aWorldWithout(() => unknownConnection);
    for (let name = 0; name < 10; name += 1) await codeOf(world.vend(aKey(`made-up-${name}`)));
    await codeOf(world.vend());
    const asked = world.refreshes.length;

    await world.tokens.publish(aSealedToken());

    expect((await world.vend()).accessToken.reveal()).toBe('access-1');
    expect(world.refreshes).toHaveLength(asked);
  });
});

describe('a connection whose token was never published', () => {
  it('is asked about each time: what is found there is no made-up name', async () => {
    const world = aWorldWithout(() => ({ outcome: 'failing', state: 'failing', retryAt: at(9) }));

    for (let vend = 0; vend < 10; vend += 1) {
      expect(await codeOf(world.vend())).toBe('TEMPORARILY_UNAVAILABLE');
    }

    expect(world.refreshes).toHaveLength(10);
  });

  it('has its token fetched by who asks', async () => {
    const world = aWorldWithout(() => ({
      outcome: 'refreshed',
      state: 'active',
      token: aNewerToken(0),
    }));

    expect((await world.vend()).accessToken.reveal()).toBe('access-2');
  });

  it('is not called unknown because no answer came about it', async () => {
    const world = aWorldWithout(() => undefined);

    for (let vend = 0; vend < 10; vend += 1) {
      expect(await codeOf(world.vend())).toBe('TEMPORARILY_UNAVAILABLE');
    }
  });

  it('counts once however often it is asked about, and is asked about when five are', async () => {
    const world = aWorldWithout(() => undefined);
    const vendAtOnce = (name: string) =>
      codeOf(world.vend({ ...aKey(name), maxWaitSeconds: seconds(0) }));
    for (let vend = 0; vend < 10; vend += 1) await vendAtOnce('ann');
    for (let name = 1; name < 5; name += 1) {
      expect(await vendAtOnce(`user-${name}`)).toBe('TEMPORARILY_UNAVAILABLE');
    }

    expect(await vendAtOnce('user-5')).toBe('UNKNOWN_CONNECTION');
    expect(await vendAtOnce('ann')).toBe('TEMPORARILY_UNAVAILABLE');
  });

  it('is not called unknown because another is', async () => {
    const world = vendWorld({
      token: false,
      refresh: ({ connection }) => (connection === 'ann' ? undefined : unknownConnection),
    });
    await codeOf(world.vend({ maxWaitSeconds: seconds(0) }));

    expect(await codeOf(world.vend(aKey('bob')))).toBe('UNKNOWN_CONNECTION');
    expect(await codeOf(world.vend())).toBe('TEMPORARILY_UNAVAILABLE');
  });

  it('takes no place of those that may be made up, however many there are', async () => {
    const failing = { outcome: 'failing', state: 'failing', retryAt: at(9) } as const;
    const world = aWorldWithout(() => failing);

    for (let name = 0; name < 10; name += 1) {
      expect(await codeOf(world.vend(aKey(`user-${name}`)))).toBe('TEMPORARILY_UNAVAILABLE');
    }

    expect(world.refreshes).toHaveLength(10);
  });
});

it('asks about a connection that has a token under its claim, and counts it nowhere', async () => {
  const world = vendWorld({ token: { expiresAt: at(0) }, refresh: () => unknownConnection });

  expect(await codeOf(world.vend())).toBe('UNKNOWN_CONNECTION');
  expect(world.asked).toContain('claim');
});
