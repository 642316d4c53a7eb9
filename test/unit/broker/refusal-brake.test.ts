import { describe, expect, it } from 'vitest';
import { seconds } from '../../../lib/time.ts';
import { aKey, at } from '../../support/connections.ts';
import { refreshWorld, refused, type WorldSetup } from '../../support/refresh-world.ts';

const { client } = aKey();
const doubtful = { fence: 1, at: at(1000), credentialFence: 1 };

/** A refused grant, after so many others of the same client. */
async function refusedAfter(others: number, setup: WorldSetup = {}) {
  const world = refreshWorld({ answers: [refused], ...setup });
  for (let other = 0; other < others; other += 1) {
    await world.clientStatus.countRefusedGrant(client, {
      at: at(2900),
      windowSeconds: seconds(600),
    });
  }
  return world;
}

describe('a grant that is refused', () => {
  it('is dead while there are no more than ten within ten minutes', async () => {
    const world = await refusedAfter(9);

    expect(await world.refresh()).toMatchObject({ outcome: 'needs_reauth', reason: 'grant_dead' });
  });

  it('is held when there are more: it fails, is tried again, and alarms', async () => {
    const world = await refusedAfter(10);

    const reply = await world.refresh();

    expect(reply).toMatchObject({
      outcome: 'failing',
      warning: { code: 'refresh_failing' },
      token: { fence: 1 },
    });
    expect(world.row()).toMatchObject({ state: 'failing', failures: 1 });
    expect(world.row().refreshAt).toBeGreaterThan(at(3000));
    expect(world.row()).not.toHaveProperty('lease');
    expect(world.row()).not.toHaveProperty('intent');
    expect(world.counted).toContain('reauthorization_held');
    expect(world.counted).not.toContain('reauthorization_required');
    expect(world.log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'reauthorization_held' }),
    );
  });

  it('is held by the limit of its own definition', async () => {
    const definition = { refused_grants_brake: 2 };

    expect(await (await refusedAfter(1, { definition })).refresh()).toMatchObject({
      outcome: 'needs_reauth',
    });
    expect(await (await refusedAfter(2, { definition })).refresh()).toMatchObject({
      outcome: 'failing',
    });
  });

  it('stays in doubt while it is held, where an earlier answer was not heard', async () => {
    const world = await refusedAfter(10, {
      row: { intent: doubtful, accessTokenExpiresAt: at(0), refreshAt: at(3000) },
    });

    await world.refresh();

    expect(world.row()).toMatchObject({ state: 'failing', intent: doubtful });
  });

  it('is not held, nor counted, when its refresh token has come to its announced end', async () => {
    const world = await refusedAfter(10, { row: { refreshTokenExpiresAt: at(3000) } });

    expect(await world.refresh()).toMatchObject({ reason: 'renewal_credential_expired' });
    const again = { at: at(3000), windowSeconds: seconds(600) };
    expect(await world.clientStatus.countRefusedGrant(client, again)).toBe(11);
  });
});
