import { describe, expect, it } from 'vitest';
import {
  type ResealConnectionPorts,
  resealConnection,
} from '../../../lib/broker/reseal-connection.ts';
import { aConnection, aKey, aStoredToken, aTombstone } from '../../support/connections.ts';
import { type KeysWorld, keysWorld } from '../../support/keys-world.ts';
import { without } from '../../support/without.ts';

/** Both rings have been rotated since `acme/ann` was connected. */
async function rotated(): Promise<KeysWorld> {
  const world = keysWorld();
  await world.connect('ann');
  await world.rotate('access-token');
  await world.rotate('renewal');
  return world;
}

const reseal = ({ ports }: KeysWorld, over: Partial<ResealConnectionPorts> = {}) =>
  resealConnection({ ...ports, ...over }, aKey(), { 'access-token': 'k2', renewal: 'k2' });

describe('resealing a connection', () => {
  it('seals both of its values again', async () => {
    const world = await rotated();

    expect(await reseal(world)).toEqual({ resealed: 2, unopened: 0 });
    expect(world.keyIds()).toEqual({ 'acme/ann': 'k2 k2' });
  });

  it('reads its token consistently', async () => {
    const world = await rotated();
    const { read } = world.ports.tokens;
    // What is read otherwise may be from before the token was published.
    const tokens = {
      read: async (...[key, isConsistent]: Parameters<typeof read>) =>
        isConsistent ? read(key, isConsistent) : undefined,
    };

    expect(await reseal(world, { tokens })).toEqual({ resealed: 2, unopened: 0 });
  });

  it('finds nothing where there is none', async () => {
    expect(await reseal(keysWorld())).toEqual({ resealed: 0, unopened: 0 });
  });

  it('finds nothing where it was deleted', async () => {
    const world = await rotated();
    world.ports.connections.put(aTombstone());
    world.ports.tokens.put(aTombstone());

    expect(await reseal(world)).toEqual({ resealed: 0, unopened: 0 });
  });

  it('finds nothing to open where it holds no values', async () => {
    const world = await rotated();
    world.ports.connections.put(without(aConnection(), 'sealedCredential'));
    world.ports.tokens.put(without(aStoredToken(), 'sealed'));

    expect(await reseal(world)).toEqual({ resealed: 0, unopened: 0 });
  });
});
