import { describe, expect, it } from 'vitest';
import { rotateKey } from '../../../lib/broker/rotate-key.ts';
import { showKeys } from '../../../lib/broker/show-keys.ts';
import { aKey, at } from '../../support/connections.ts';
import { storeDown } from '../../support/flaky.ts';
import { days, keysWorld } from '../../support/keys-world.ts';

describe('rotating a ring', () => {
  it('adds the next key and makes it current, and leaves the other ring alone', async () => {
    const world = keysWorld();

    const rotation = await world.rotate('renewal');

    expect(rotation).toEqual({ outcome: 'rotated', keyId: 'k2', formerKeyId: 'k1' });
    expect(await world.rings.read('renewal')).toMatchObject({
      currentKeyId: 'k2',
      keyIds: ['k1', 'k2'],
    });
    expect((await world.rings.read('access-token')).keyIds).toEqual(['k1']);
  });

  it('makes a key of 64 characters, another one each time', async () => {
    const world = keysWorld();
    await world.rotate('renewal');
    await world.rotate('renewal');

    const { k2, k3 } = JSON.parse(world.rings.textOf('renewal'));

    expect(k2).toMatch(/^[\w-]{64}$/);
    expect(k3).toMatch(/^[\w-]{64}$/);
    expect(k3).not.toBe(k2);
  });

  it('leaves readable what any earlier key has sealed', async () => {
    const world = keysWorld();
    await world.connect('ann');
    await world.rotate('renewal');
    await world.rotate('access-token');
    await world.rotate('renewal');

    expect(await world.open(aKey())).toEqual({
      credential: 'refresh of ann',
      accessToken: 'access of ann',
    });
  });

  it('uses no id twice, whatever ids an operator has given', async () => {
    const world = keysWorld();
    const { ports } = world;
    const rings = { ...ports.rings };
    const added: string[] = [];
    const odd = {
      ...rings,
      read: async () => ({ ...(await rings.read('renewal')), keyIds: ['k7', 'mine', 'k10'] }),
      addKey: async (_: unknown, { keyId }: { readonly keyId: string }) => {
        added.push(keyId);
        return 'done' as const;
      },
    };

    await rotateKey({ ...ports, rings: odd }, 'renewal');

    expect(added).toEqual(['k11']);
  });

  it('changes nothing where somebody else has changed the ring meanwhile, and says so', async () => {
    const world = keysWorld();

    const endings = await Promise.all([world.rotate('renewal'), world.rotate('renewal')]);

    expect(endings.map(({ outcome }) => outcome).toSorted()).toEqual(['changed', 'rotated']);
    expect((await world.rings.read('renewal')).keyIds).toEqual(['k1', 'k2']);
  });

  it('is done even where the age of the key cannot be noted', async () => {
    const world = keysWorld();
    const records = { ...world.ports.records, noteCreated: storeDown };

    const rotation = await rotateKey({ ...world.ports, records }, 'renewal');

    expect(rotation.outcome).toBe('rotated');
    expect(world.ports.log.lines).toMatchObject([{ event: 'key_age_not_noted' }]);
  });
});

describe('showing keys', () => {
  it('tells of each key how old it is, which one is current, and since when one is unused', async () => {
    const world = keysWorld();
    await world.clock.advance(days(1));
    await world.rotate('renewal');
    await world.clock.advance(days(1));
    await world.reseal();

    const { keys, sweep } = await showKeys(world.ports);

    const day = 24 * 3600;
    expect(keys).toEqual([
      { ring: 'access-token', keyId: 'k1', isCurrent: true, createdAt: at(0) },
      {
        ring: 'renewal',
        keyId: 'k1',
        isCurrent: false,
        createdAt: at(0),
        unusedSince: at(2 * day),
      },
      { ring: 'renewal', keyId: 'k2', isCurrent: true, createdAt: at(day) },
    ]);
    expect(sweep).toMatchObject({ finishedAt: at(2 * day), seen: 0 });
    expect(JSON.stringify(keys)).not.toContain(JSON.parse(world.rings.textOf('renewal')).k2);
  });

  it('takes for the age of a current key that was added by hand the age of the ring’s version', async () => {
    const world = keysWorld();
    await world.clock.advance(days(3));
    const records = { ...world.ports.records, noteCreated: async () => undefined };
    await rotateKey({ ...world.ports, records }, 'renewal');
    await world.clock.advance(days(1));

    const { keys } = await showKeys(world.ports);

    expect(keys.find(({ keyId }) => keyId === 'k2')?.createdAt).toBe(at(3 * 24 * 3600));
  });
});
