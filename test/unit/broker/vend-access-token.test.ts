import { describe, expect, it } from 'vitest';
import { Fault } from '../../../lib/fault.ts';
import { seconds } from '../../../lib/time.ts';
import { aTombstone, at } from '../../support/connections.ts';
import { storeDown } from '../../support/refresh-world.ts';
import { aNewerToken, aSealedToken, sha256, vendWorld } from '../../support/vend-world.ts';

const failing = { outcome: 'failing', state: 'failing', since: at(3000) } as const;
const down = async (): Promise<never> => {
  throw storeDown();
};
const refreshed = () => ({ outcome: 'refreshed', state: 'active', token: aNewerToken() }) as const;
/** What a caller gets to see of a vend. */
const brief = async (vend: ReturnType<ReturnType<typeof vendWorld>['vend']>) => {
  const { token, accessToken, warning } = await vend;
  return { fence: token.fence, value: accessToken.reveal(), warning: warning?.code };
};
const old = { fence: 1, value: 'access-1' };
const newer = { fence: 2, value: 'access-2', warning: undefined };

describe('a token that lives long enough', () => {
  it('is vended from one eventually consistent read, and nothing is asked to refresh', async () => {
    const world = vendWorld();

    expect(await brief(world.vend())).toEqual({ ...old, warning: undefined });
    expect(world.asked).toEqual(['read']);
    expect(world.refreshes).toEqual([]);
  });

  it('has its keys fetched while it is read, so that a new container waits for the longer of both', async () => {
    const world = vendWorld();
    const { sealer, tokens } = world.ports;
    const asked = Promise.withResolvers<void>();
    const keysFirst = { ...sealer, ready: async () => asked.resolve() };
    const read: typeof tokens.read = async (...given) => {
      await asked.promise;
      return tokens.read(...given);
    };

    const vended = brief(world.vend({}, { sealer: keysFirst, tokens: { ...tokens, read } }));

    expect(await vended).toEqual({ ...old, warning: undefined });
  });

  it('is vended when its keys were fetched a moment later than they were asked for', async () => {
    const world = vendWorld();
    const sealer = { ...world.ports.sealer, ready: down };

    expect(await brief(world.vend({}, { sealer }))).toEqual({ ...old, warning: undefined });
  });

  it('is one that lives min_ttl_seconds', async () => {
    const world = vendWorld({ refresh: refreshed });
    await world.clock.advance(3_540_000);

    expect(await brief(world.vend())).toMatchObject(old);
    await world.clock.advance(1000);
    expect(await brief(world.vend())).toEqual(newer);
  });

  it('need not live longer than half its life, whatever is asked', async () => {
    const world = vendWorld({ refresh: refreshed });
    const request = { minTtlSeconds: seconds(86_400) };
    await world.clock.advance(1_800_000);

    expect(await brief(world.vend(request))).toMatchObject(old);
    await world.clock.advance(1000);
    expect(await brief(world.vend(request))).toEqual(newer);
  });

  it('is none that is past half its life, however young', async () => {
    const world = vendWorld({ token: { expiresAt: at(40) }, refresh: refreshed });
    await world.clock.advance(20_000);

    expect(await brief(world.vend())).toMatchObject(old);
    await world.clock.advance(1000);
    expect(await brief(world.vend())).toEqual(newer);
  });

  it('is one whose end is unknown', async () => {
    const { expiresAt: _none, ...endless } = aSealedToken({ expirySource: 'unknown' });
    const world = vendWorld();
    world.tokens.put(endless);
    await world.clock.advance(1e9);

    expect(await brief(world.vend())).toEqual({ ...old, warning: undefined });
  });

  it('is vended while refresh fails, with the warning that is stored', async () => {
    const warning = { code: 'refresh_failing', since: at(5) } as const;
    const world = vendWorld({ token: { state: 'failing', warning } });

    expect(await world.vend()).toMatchObject({ warning, token: { state: 'failing' } });
  });

  it.each([
    ['before', at(1), undefined],
    ['from', at(0), 'renewal_expiring'],
  ])(
    'says nothing of the end of renewal %s the moment that announces it',
    async (_n, since, code) => {
      const world = vendWorld({ token: { warning: { code: 'renewal_expiring', since } } });

      expect(await brief(world.vend())).toEqual({ ...old, warning: code });
    },
  );
});

describe('an expired token', () => {
  const expired = { expiresAt: at(0) };

  it('is refreshed, and the new one is vended', async () => {
    const world = vendWorld({ token: expired, refresh: refreshed });

    expect(await brief(world.vend())).toEqual(newer);
    expect(world.refreshes).toEqual([expect.objectContaining({ seenFence: 1 })]);
  });

  it('is not the answer to anything, at the very second of its end', async () => {
    const world = vendWorld({ token: expired, refresh: () => failing });

    await expect(world.vend()).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
  });

  it('is not the answer where it ended while it was being refreshed', async () => {
    const world = vendWorld({
      token: { obtainedAt: at(-3595), expiresAt: at(5) },
      refresh: async () => {
        await world.clock.advance(5000);
        return failing;
      },
    });

    await expect(world.vend()).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
  });

  it.each([
    ['when it is told', { ...failing, retryAt: at(77) }, 77],
    ['in a second at the least', { ...failing, retryAt: at(0) }, 1],
    ['soon, where nothing better is known', failing, 5],
  ])('is to be asked for again %s', async (_name, reply, retryAfterSeconds) => {
    const world = vendWorld({ token: expired, refresh: () => reply });

    await expect(world.vend()).rejects.toMatchObject({
      code: 'TEMPORARILY_UNAVAILABLE',
      context: { client: 'acme', connection: 'ann', retryAfterSeconds },
    });
  });

  it('asks nobody for a refresh before its time', async () => {
    const world = vendWorld({
      token: { ...expired, state: 'failing', retryAt: at(30) },
      refresh: refreshed,
    });

    await expect(world.vend()).rejects.toMatchObject({ context: { retryAfterSeconds: 30 } });
    await world.clock.advance(29_000);
    await expect(world.vend()).rejects.toMatchObject({ context: { retryAfterSeconds: 1 } });
    expect(world.refreshes).toEqual([]);

    await world.clock.advance(1000);
    expect(await brief(world.vend())).toEqual(newer);
  });

  it('of a dead connection is for its owner to renew', async () => {
    const death = { state: 'needs_reauth', reason: 'answer_lost', since: at(-9) } as const;
    const world = vendWorld({ token: { ...expired, ...death } });

    await expect(world.vend()).rejects.toMatchObject({
      code: 'REAUTHORIZATION_REQUIRED',
      context: { reason: 'answer_lost', since: at(-9) },
    });
    expect(world.refreshes).toEqual([]);
  });

  it('of a connection that turns out dead is for its owner to renew', async () => {
    const world = vendWorld({
      token: expired,
      refresh: () => ({ outcome: 'needs_reauth', state: 'needs_reauth', reason: 'grant_dead' }),
    });

    await expect(world.vend()).rejects.toMatchObject({ context: { reason: 'grant_dead' } });
  });

  it.each([
    ['unknown_connection', 'UNKNOWN_CONNECTION'],
    ['unknown_client', 'UNKNOWN_CLIENT'],
  ] as const)('of which refresh says %s is unknown', async (outcome, code) => {
    const world = vendWorld({
      token: expired,
      refresh: () => ({ outcome, state: 'needs_reauth' }),
    });

    await expect(world.vend()).rejects.toMatchObject({ code });
  });

  it('is not waited for longer than asked', async () => {
    const world = vendWorld({ token: expired, refresh: () => undefined });

    await expect(world.vend()).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
  });

  it.each([
    ['as long as its caller waits', 7, 7000],
    ['long enough to be taken on, for a caller who does not wait', 0, 500],
  ])('is given %s to be refreshed', async (_name, maxWait, limitMs) => {
    const world = vendWorld({ token: expired });
    const limits: number[] = [];
    const invoke: typeof world.ports.refresher.invoke = async (_request, leftMs) => {
      limits.push(leftMs);
      return refreshed();
    };

    await world.vend({ maxWaitSeconds: seconds(maxWait) }, { refresher: { invoke } });

    expect(limits).toEqual([limitMs]);
  });

  it('is asked for again while refresh is busy, as long as the caller waits', async () => {
    let rounds = 0;
    const refresh = () => {
      rounds += 1;
      return rounds < 5 ? 'busy' : refreshed();
    };
    const world = vendWorld({ token: expired, refresh });

    expect(await brief(world.vend())).toEqual(newer);
    expect(rounds).toBe(5);
  });

  it('is given up when refresh stays busy', async () => {
    const world = vendWorld({ token: expired, refresh: () => 'busy' });

    await expect(world.vend()).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
    expect(world.clock.monotonicMs()).toBe(10_000);
    expect(world.refreshes.length).toBeLessThan(20);
  });

  it('is a fault of ours where the store is down', async () => {
    const world = vendWorld({ token: expired, refresh: down });

    await expect(world.vend()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('what an eventually consistent read has missed', () => {
  /** The first read finds a token that has ended; only a consistent one what is stored since. */
  const vendBehind = (stored: Parameters<ReturnType<typeof vendWorld>['tokens']['put']>[0]) => {
    const world = vendWorld({ token: { expiresAt: at(0) } });
    const { tokens } = world.ports;
    const read: typeof tokens.read = (key, consistent) => {
      if (consistent) world.tokens.put(stored);
      return tokens.read(key, consistent);
    };
    return { world, vended: world.vend({}, { tokens: { ...tokens, read } }) };
  };

  it('is vended where it is a newer token, and nothing is asked to refresh', async () => {
    const { world, vended } = vendBehind(aNewerToken());

    expect(await brief(vended)).toEqual(newer);
    expect(world.asked).toEqual(['read', 'read']);
  });

  it('is told where it is a deletion, and nothing is asked to refresh', async () => {
    const { world, vended } = vendBehind(aTombstone());

    await expect(vended).rejects.toMatchObject({ code: 'UNKNOWN_CONNECTION' });
    expect(world.asked).toEqual(['read', 'read']);
    expect(world.refreshes).toEqual([]);
  });
});

describe('a connection', () => {
  it('that was deleted is unknown', async () => {
    const world = vendWorld();
    world.tokens.put(aTombstone());

    await expect(world.vend()).rejects.toMatchObject({ code: 'UNKNOWN_CONNECTION' });
    expect(world.asked).toEqual(['read']);
  });

  it('that is deleted while a caller waits is unknown', async () => {
    const world = vendWorld({ token: { expiresAt: at(0), refreshClaimedUntil: at(30) } });
    void world.clock.sleep(2000).then(() => world.tokens.put(aTombstone()));

    await expect(world.vend()).rejects.toMatchObject({ code: 'UNKNOWN_CONNECTION' });
    expect(world.clock.monotonicMs()).toBeLessThan(4000);
  });

  it('without any token is asked after, and its first token is vended', async () => {
    const world = vendWorld({ token: false, refresh: refreshed });

    expect(await brief(world.vend())).toEqual(newer);
    expect(world.refreshes[0]).not.toHaveProperty('seenFence');
    expect(world.asked).not.toContain('claim');
  });

  it('that was unknown a moment ago is asked after as soon as there is a row of it', async () => {
    let known = false;
    const world = vendWorld({
      token: false,
      refresh: () =>
        known ? refreshed() : { outcome: 'unknown_connection', state: 'needs_reauth' },
    });
    await expect(world.vend()).rejects.toMatchObject({ code: 'UNKNOWN_CONNECTION' });

    known = true;
    world.tokens.put(aSealedToken({ expiresAt: at(0) }));

    expect(await brief(world.vend())).toEqual(newer);
  });

  it('that holds only a refresh token yet has its first token fetched', async () => {
    const { sealed: _none, expiresAt: _unknown, ...empty } = aSealedToken();
    const world = vendWorld({ token: false, refresh: refreshed });
    world.tokens.put(empty);

    expect(await brief(world.vend())).toEqual(newer);
    expect(world.asked).toContain('claim');
  });
});

describe('a living token that should be refreshed', () => {
  const short = { obtainedAt: at(-3550), expiresAt: at(50) };

  it.each([
    ['refresh fails', () => failing, 'refresh_failing'],
    [
      'the client is refused',
      () => ({
        ...failing,
        warning: { code: 'client_refused', since: at(3000) } as const,
      }),
      'client_refused',
    ],
    [
      'the connection is dead',
      () => ({ ...failing, outcome: 'needs_reauth', state: 'needs_reauth' }) as const,
      'refresh_failing',
    ],
    ['no answer comes in time', () => undefined, 'outcome_unknown'],
    ['refresh stays busy', () => 'busy' as const, 'outcome_unknown'],
    ['refresh cannot be reached', down, 'outcome_unknown'],
  ])('is vended with a warning when %s', async (_name, refresh, warning) => {
    const world = vendWorld({ token: short, refresh });

    expect(await brief(world.vend())).toEqual({ ...old, warning });
  });

  it('is vended with a warning when its refresh cannot be claimed', async () => {
    const world = vendWorld({ token: short });
    const tokens = { ...world.ports.tokens, read: world.tokens.read, claim: down };

    expect(await brief(world.vend({}, { tokens }))).toEqual({ ...old, warning: 'outcome_unknown' });
  });

  it('is vended with a warning when the new one does not open', async () => {
    const moved = { ...aNewerToken(), sealed: 'of another row' };
    const world = vendWorld({ token: short, refresh: () => ({ ...refreshed(), token: moved }) });

    expect(await brief(world.vend())).toEqual({ ...old, warning: 'outcome_unknown' });
  });

  it('is vended with a warning when the key of the new one cannot be read', async () => {
    const world = vendWorld({ token: short, refresh: refreshed });
    const open: typeof world.ports.sealer.open = (purpose, binding, sealed) => {
      if (binding.fence === 1) return world.ports.sealer.open(purpose, binding, sealed);
      throw new Fault('KEY_RING_INVALID', { purpose: 'access_token', problems: ['it is gone'] });
    };

    expect(await brief(world.vend({}, { sealer: { ...world.ports.sealer, open } }))).toEqual({
      ...old,
      warning: 'outcome_unknown',
    });
  });

  it('does not hide an error that is none of the store or the keys', async () => {
    const error = Object.assign(new Error('of nobody’s'), { code: 'STORE_UNAVAILABLE' });
    const world = vendWorld({ token: short, refresh: () => Promise.reject(error) });

    await expect(world.vend()).rejects.toBe(error);
  });

  it('does not hide a store that is down where it has ended meanwhile', async () => {
    const world = vendWorld({
      token: short,
      refresh: async () => {
        await world.clock.advance(50_000);
        return down();
      },
    });

    await expect(world.vend()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is vended at once while another has it refreshed', async () => {
    const world = vendWorld({ token: { ...short, refreshClaimedUntil: at(30) } });

    expect(await brief(world.vend())).toEqual({ ...old, warning: 'outcome_unknown' });
    expect(world.refreshes).toEqual([]);
    expect(world.clock.monotonicMs()).toBe(0);
  });

  it('is vended when another worker is at it', async () => {
    const warning = { code: 'outcome_unknown', since: at(-5) } as const;
    const world = vendWorld({
      token: short,
      refresh: () => ({ outcome: 'in_progress', state: 'active', warning }),
    });

    expect(await world.vend()).toMatchObject({ warning, token: { fence: 1 } });
  });

  it('is not vended from a connection that is gone', async () => {
    const refresh = () => ({ outcome: 'unknown_connection', state: 'needs_reauth' }) as const;
    const world = vendWorld({ token: short, refresh });

    await expect(world.vend()).rejects.toMatchObject({ code: 'UNKNOWN_CONNECTION' });
  });
});

describe('a token that the API refused', () => {
  const rejected = { rejectedTokenSha256: sha256('access-1') };

  it('is refreshed, though it lives', async () => {
    const world = vendWorld({ refresh: refreshed });
    await world.clock.advance(60_000);

    expect(await brief(world.vend(rejected))).toEqual(newer);
  });

  it('is refreshed also where its end is unknown', async () => {
    const { expiresAt: _none, ...endless } = aSealedToken({ expirySource: 'unknown' });
    const world = vendWorld({ refresh: refreshed });
    world.tokens.put(endless);
    await world.clock.advance(60_000);

    expect(await brief(world.vend(rejected))).toEqual(newer);
  });

  it('is not refreshed within a minute of being obtained', async () => {
    const world = vendWorld();
    await world.clock.advance(59_000);

    expect(await world.vend(rejected)).toMatchObject({
      token: { fence: 1 },
      warning: { code: 'recently_refreshed', since: at(0) },
    });
    expect(world.refreshes).toEqual([]);
  });

  it('is forgotten where it is not the current one any more', async () => {
    const world = vendWorld({ token: { fence: 2 } });
    await world.clock.advance(60_000);

    expect(await brief(world.vend(rejected))).toEqual({ ...newer, fence: 2 });
    expect(world.refreshes).toEqual([]);
  });

  it('is looked for in the store, not in memory', async () => {
    const world = vendWorld();
    await world.vend();
    world.tokens.put(aNewerToken(0));

    expect(await brief(world.vend(rejected))).toEqual(newer);
  });

  it('is waited past while another has it refreshed', async () => {
    const world = vendWorld({ token: { refreshClaimedUntil: at(90) } });
    await world.clock.advance(60_000);
    void world.clock.sleep(2000).then(() => world.tokens.put(aNewerToken(60)));

    expect(await brief(world.vend(rejected))).toEqual(newer);
    expect(world.refreshes).toEqual([]);
  });

  it('is vended with a warning in the end, since it is alive', async () => {
    const world = vendWorld({ refresh: () => failing });
    await world.clock.advance(60_000);

    expect(await brief(world.vend(rejected))).toEqual({ ...old, warning: 'refresh_failing' });
  });

  it('is not opened again where it is found not to be tried yet', async () => {
    const world = vendWorld({ token: { refreshClaimedUntil: at(90) } });
    await world.clock.advance(60_000);
    void world.clock
      .sleep(2000)
      .then(() => world.tokens.note(aSealedToken(), 1, { state: 'failing', retryAt: at(500) }));
    const open: typeof world.ports.sealer.open = (...sealed) => {
      opened += 1;
      return world.ports.sealer.open(...sealed);
    };
    const sealer = { ...world.ports.sealer, open };
    let opened = 0;

    expect(await brief(world.vend(rejected, { sealer }))).toEqual({
      ...old,
      warning: 'refresh_failing',
    });
    expect(opened).toBe(2);
  });

  it('is not mixed with the row of a new grant that has no token yet', async () => {
    const world = vendWorld({ token: { refreshClaimedUntil: at(90) } });
    await world.clock.advance(60_000);
    const { sealed: _none, expiresAt: _end, ...empty } = aSealedToken({ fence: 2 });
    const newest = { ...empty, state: 'failing', retryAt: at(500) } as const;
    void world.clock.sleep(2000).then(() => world.tokens.put(newest));

    await expect(world.vend(rejected)).rejects.toMatchObject({
      code: 'TEMPORARILY_UNAVAILABLE',
      context: { retryAfterSeconds: expect.any(Number) },
    });
  });
});

it('has no secret in any fault, whatever goes wrong', async () => {
  const canary = /access-1|access-2|refresh-1/;
  const sabotage = [
    () => failing,
    () => undefined,
    () => ({ outcome: 'needs_reauth', state: 'needs_reauth' }) as const,
    () => ({ outcome: 'unknown_connection', state: 'needs_reauth' }) as const,
    () => ({ ...refreshed(), token: { ...aNewerToken(), fence: 3 } }),
    down,
  ];

  for (const refresh of sabotage) {
    const world = vendWorld({ token: { expiresAt: at(0) }, refresh });
    const fault = await world.vend().catch((error: unknown) => error);

    expect(fault).toBeInstanceOf(Fault);
    expect(JSON.stringify([fault, String(fault), (fault as Error).stack])).not.toMatch(canary);
  }
});
