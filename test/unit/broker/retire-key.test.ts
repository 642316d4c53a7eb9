import { describe, expect, it } from 'vitest';
import { type Retirement, retireKey } from '../../../lib/broker/retire-key.ts';
import { aKey, at } from '../../support/connections.ts';
import { days, type KeysWorld, keysWorld, minutes } from '../../support/keys-world.ts';

const retire = ({ ports }: KeysWorld, request: Partial<Retirement> = {}) =>
  retireKey(ports, {
    ring: 'renewal',
    keyId: 'k1',
    despiteBackups: false,
    clients: [],
    isStopped: () => false,
    onProgress: () => undefined,
    ...request,
  });

/** The renewal ring was rotated and everything sealed again, 20 minutes after the beginning. */
async function resealed(): Promise<KeysWorld> {
  const world = keysWorld();
  await world.connectMany(3);
  await world.rotate('renewal');
  await world.clock.advance(minutes(20));
  await world.reseal();
  return world;
}

const provenAt = 1200;
const day = 24 * 3600;

describe('retiring a key', () => {
  it('takes it out of the ring 35 days after it was proven unused', async () => {
    const world = await resealed();
    await world.clock.advance(days(35));

    expect(await retire(world)).toEqual({ outcome: 'retired' });

    expect((await world.rings.read('renewal')).keyIds).toEqual(['k2']);
    expect((await world.open(aKey('c100'))).credential).toBe('refresh of c100');
  });

  it('is refused a second earlier: a backup may need it', async () => {
    const world = await resealed();
    await world.clock.advance(days(35) - 1000);

    expect(await retire(world)).toEqual({
      outcome: 'too_early',
      from: at(provenAt + 35 * day),
    });
    expect((await world.rings.read('renewal')).keyIds).toEqual(['k1', 'k2']);
  });

  it('is refused where no sweep has proven it unused', async () => {
    const world = keysWorld();
    await world.rotate('renewal');
    await world.clock.advance(days(400));

    expect(await retire(world)).toEqual({ outcome: 'unproven' });
  });

  it('is refused for the current key, and for one that is not there', async () => {
    const world = await resealed();

    expect(await retire(world, { keyId: 'k2', despiteBackups: true })).toEqual({
      outcome: 'current_key',
    });
    expect(await retire(world, { keyId: 'k7', despiteBackups: true })).toEqual({
      outcome: 'unknown_key',
    });
  });

  it('is refused, and the 35 days begin anew, where something sealed with it has turned up', async () => {
    const world = keysWorld();
    await world.connectMany(3);
    const old = await world.ports.connections.read(aKey('c101'));
    if (!old || old.state === 'revoked') throw new Error('there is no connection');
    await world.rotate('renewal');
    await world.clock.advance(minutes(20));
    await world.reseal();
    await world.clock.advance(days(35));
    world.ports.connections.put(old);

    expect(await retire(world)).toEqual({
      outcome: 'too_early',
      from: at(provenAt + 70 * day),
    });
    expect(world.keyIds()).toMatchObject({ 'acme/c101': 'k2 k1' });
    expect((await world.open(aKey('c101'))).credential).toBe('refresh of c101');
  });

  it('is refused while the sweep before it proves nothing, or was stopped', async () => {
    const world = await resealed();
    await world.clock.advance(days(35));
    world.messages.waiting = 1;

    expect(await retire(world)).toMatchObject({
      outcome: 'in_use',
      sweep: { missing: [{ missing: 'messages', waiting: 1 }] },
    });
    world.messages.waiting = 0;
    expect(await retire(world, { isStopped: () => true })).toMatchObject({
      outcome: 'in_use',
      sweep: { outcome: 'stopped' },
    });
    expect((await world.rings.read('renewal')).keyIds).toEqual(['k1', 'k2']);
  });

  it('of one that has leaked waits for no backup, but still for its last use', async () => {
    const world = keysWorld();
    await world.connectMany(3);
    await world.rotate('renewal');
    expect(await retire(world, { despiteBackups: true })).toMatchObject({ outcome: 'in_use' });
    await world.clock.advance(minutes(20));

    expect(await retire(world, { despiteBackups: true })).toEqual({ outcome: 'retired' });

    expect((await world.open(aKey('c100'))).credential).toBe('refresh of c100');
  });

  it('changes nothing where somebody else changed the ring meanwhile', async () => {
    const world = await resealed();
    await world.clock.advance(days(35));

    const ending = await retire({
      ...world,
      ports: { ...world.ports, rings: { ...world.rings, removeKey: async () => 'lost' } },
    });

    expect(ending).toEqual({ outcome: 'changed' });
  });
});
