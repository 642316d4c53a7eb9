import { expect, it } from 'vitest';
import { readKeyAges } from '../../../lib/broker/key-ages.ts';
import type { CurrentKey, KeyRingName } from '../../../lib/broker/key-ports.ts';
import { later, seconds } from '../../../lib/time.ts';
import { days, keysWorld } from '../../support/keys-world.ts';

/** A world of keys whose current ones are read as `refresh` reads them. */
function aWorld() {
  const world = keysWorld();
  const readCurrentKey = async (ring: KeyRingName): Promise<CurrentKey> => {
    const { currentKeyId: keyId, writtenAt } = await world.ports.rings.read(ring);
    return { keyId, writtenAt };
  };
  const { records, clock } = world.ports;
  return { ...world, read: () => readKeyAges({ readCurrentKey, records, clock }) };
}

const day = 24 * 3600;

it('is, of a key that was never rotated, as long as its ring has been there', async () => {
  const { clock, read } = aWorld();
  await clock.advance(days(400));

  expect(await read()).toEqual([
    { ring: 'access-token', ageSeconds: 400 * day },
    { ring: 'renewal', ageSeconds: 400 * day },
  ]);
});

it('begins anew for the ring that is rotated', async () => {
  const { clock, read, rotate } = aWorld();
  await clock.advance(days(400));
  await rotate('renewal');
  await clock.advance(days(3));

  expect(await read()).toEqual([
    { ring: 'access-token', ageSeconds: 403 * day },
    { ring: 'renewal', ageSeconds: 3 * day },
  ]);
});

it('goes on when another key is taken out of the ring', async () => {
  const { clock, ports, read, rotate } = aWorld();
  await rotate('renewal');
  await clock.advance(days(40));
  await ports.rings.removeKey(await ports.rings.read('renewal'), 'k1');

  expect(await read()).toContainEqual({ ring: 'renewal', ageSeconds: 40 * day });
});

it('is not told of a ring whose version has no date, and is never negative', async () => {
  const { ports } = aWorld();
  const readCurrentKey = async (ring: KeyRingName): Promise<CurrentKey> =>
    ring === 'renewal'
      ? { keyId: 'k1' }
      : { keyId: 'k1', writtenAt: later(ports.clock.now(), seconds(60)) };

  expect(await readKeyAges({ ...ports, readCurrentKey })).toEqual([
    { ring: 'access-token', ageSeconds: 0 },
  ]);
});
