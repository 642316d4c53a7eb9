import { describe, expect, it } from 'vitest';
import { seconds } from '../../../lib/time.ts';
import { at } from '../../support/connections.ts';
import { demand, granted, refreshWorld } from '../../support/refresh-world.ts';
import { aNewerToken, sha256, vendWorld } from '../../support/vend-world.ts';

/** A token that lives until 3600, and that its provider refreshes from 3300 on. */
const guarded = { obtainedAt: at(0), expiresAt: at(3600), refreshNotBefore: at(3300) };
const hour = { minTtlSeconds: seconds(1800) };

describe('a token that its provider does not refresh yet', () => {
  it('is vended with a warning to a caller who wants a longer life', async () => {
    const world = vendWorld({ token: guarded });
    await world.clock.advance(3_299_000);

    const vended = await world.vend(hour);

    expect(vended.warning).toEqual({ code: 'recently_refreshed', since: at(0) });
    expect(world.refreshes).toEqual([]);
  });

  it('is vended with a warning to a caller whose API refused it', async () => {
    const world = vendWorld({ token: guarded });
    await world.clock.advance(3_000_000);

    const vended = await world.vend({ rejectedTokenSha256: sha256('access-1') });

    expect(vended.warning?.code).toBe('recently_refreshed');
    expect(world.refreshes).toEqual([]);
  });

  it('is vended without one to a caller whom it serves', async () => {
    expect((await vendWorld({ token: guarded }).vend()).warning).toBeUndefined();
  });

  it('is refreshed from that moment on', async () => {
    const world = vendWorld({
      token: guarded,
      refresh: () => ({ outcome: 'refreshed', state: 'active', token: aNewerToken(3300) }),
    });
    await world.clock.advance(3_300_000);

    expect((await world.vend(hour)).token.fence).toBe(2);
  });

  it('is not refreshed by a refresh that a caller asked for all the same', async () => {
    const token = { ...guarded, expiresAt: at(6600), refreshNotBefore: at(3001) };
    const world = refreshWorld({ token, row: { refreshAt: at(9000) } });

    expect(await world.refresh(demand)).toMatchObject({ outcome: 'fresh', token: { fence: 1 } });
    expect(world.calls).toEqual([]);
  });

  it('is refreshed once it has ended, whatever is stored of it', async () => {
    const token = { ...guarded, expiresAt: at(3000), refreshNotBefore: at(3001) };
    const world = refreshWorld({ token });

    expect(await world.refresh(demand)).toMatchObject({ outcome: 'refreshed' });
  });
});

it('tells vend from when on a new token may be refreshed', async () => {
  const world = refreshWorld({
    definition: { lifetimes: { not_before_expiry_seconds: 120 } },
    answers: [granted('refresh-2', { expiresAt: at(6600) })],
  });

  await world.refresh();

  expect(world.token().refreshNotBefore).toBe(at(6480));
  expect(world.row().refreshAt).toBe(at(6480));
});
