/** How often callers can have a provider asked, whatever they send and however often. */
import { describe, expect, it } from 'vitest';
import type { StoredToken } from '../../../lib/broker/ports.ts';
import { tokenCache } from '../../../lib/broker/token-cache.ts';
import type { VendRequest } from '../../../lib/broker/vended-token.ts';
import { later, seconds } from '../../../lib/time.ts';
import { at } from '../../support/connections.ts';
import { aSealedToken, sha256, vendWorld } from '../../support/vend-world.ts';

interface Caller {
  readonly everySeconds: number;
  readonly forSeconds: number;
  /** What is asked for, by who holds this token. */
  readonly request: (token: string) => Partial<VendRequest>;
}

/** A provider that gives a token of an hour each time, and a caller who goes on asking. */
async function countCalls({ everySeconds, forSeconds, request }: Caller, life = 3600) {
  const world = vendWorld({
    token: { expiresAt: at(life) },
    refresh: async ({ seenFence = 0 }) => {
      const obtainedAt = world.clock.now();
      const expiresAt = later(obtainedAt, seconds(life));
      const token = aSealedToken({ fence: seenFence + 1, obtainedAt, expiresAt });
      await world.tokens.publish(token);
      return { outcome: 'refreshed', state: 'active', token };
    },
  });
  let held = 'access-1';
  for (let passed = 0; passed < forSeconds; passed += everySeconds) {
    // Each vend is another container's: none has a cache that would help.
    const vended = await world.vend(request(held), { cache: tokenCache() });
    held = vended.accessToken.reveal();
    await world.clock.advance(everySeconds * 1000);
  }
  return world.refreshes.length;
}

describe('a caller who asks each second', () => {
  it('for a token of the longest life has it refreshed once in half its life', async () => {
    const request = () => ({ minTtlSeconds: seconds(86_400) });

    expect(await countCalls({ everySeconds: 1, forSeconds: 36_000, request })).toBe(19);
  });

  it('and says of every token that it was refused has it refreshed once a minute', async () => {
    const request = (token: string) => ({ rejectedTokenSha256: sha256(token) });

    expect(await countCalls({ everySeconds: 1, forSeconds: 3600, request })).toBe(59);
  });

  it('and says so of tokens that are not the current one has nothing refreshed', async () => {
    const request = () => ({ rejectedTokenSha256: sha256('another') });

    expect(await countCalls({ everySeconds: 1, forSeconds: 1700, request })).toBe(0);
  });

  it('for all of it at once gains nothing by that', async () => {
    const request = (token: string) => ({
      minTtlSeconds: seconds(86_400),
      rejectedTokenSha256: sha256(token),
    });

    expect(await countCalls({ everySeconds: 1, forSeconds: 3600, request })).toBe(59);
  });

  it('of a token that lives ten seconds has it refreshed when half of that is over', async () => {
    const request = () => ({ minTtlSeconds: seconds(86_400) });

    expect(await countCalls({ everySeconds: 1, forSeconds: 600, request }, 10)).toBe(99);
  });
});

describe('a refresh that does not succeed', () => {
  const over: Partial<StoredToken> = { expiresAt: at(0) };
  const askFor = async (world: ReturnType<typeof vendWorld>, forSeconds: number) => {
    for (let passed = 0; passed < forSeconds; passed += 1) {
      await world
        .vend({ maxWaitSeconds: seconds(0) }, { cache: tokenCache() })
        .catch(() => undefined);
      await world.clock.advance(1000);
    }
    return world.refreshes.length;
  };

  it('is not asked for before the time that it told', async () => {
    const world = vendWorld({
      token: over,
      refresh: async ({ seenFence = 0 }) => {
        const retryAt = later(world.clock.now(), seconds(60));
        const status = { state: 'failing', retryAt } as const;
        await world.tokens.note(aSealedToken(), seenFence, status);
        return { outcome: 'failing', ...status };
      },
    });

    expect(await askFor(world, 600)).toBe(10);
  });

  it.each([
    ['is under way elsewhere', () => ({ outcome: 'in_progress', state: 'active' }) as const],
    ['answers too late', () => undefined],
    ['told nothing', () => ({ outcome: 'failing', state: 'failing' }) as const],
  ])('and %s is asked for twice a minute at most', async (_what, refresh) => {
    expect(await askFor(vendWorld({ token: over, refresh }), 600)).toBe(20);
  });

  it('since the connection is dead is asked for once', async () => {
    const death = { state: 'needs_reauth', reason: 'grant_dead', since: at(0) } as const;
    const world = vendWorld({
      token: over,
      refresh: async ({ seenFence = 0 }) => {
        await world.tokens.note(aSealedToken(), seenFence, death);
        return { outcome: 'needs_reauth', ...death };
      },
    });

    expect(await askFor(world, 600)).toBe(1);
  });
});
