import { describe, expect, it } from 'vitest';
import type { ResealPorts } from '../../../lib/broker/reseal-all.ts';
import { Fault } from '../../../lib/fault.ts';
import { jweSealer } from '../../../lib/sealing/jwe-sealer.ts';
import { aKey, aTombstone, at } from '../../support/connections.ts';
import { storeDown } from '../../support/flaky.ts';
import { interposed } from '../../support/interposed.ts';
import { aKeyRing } from '../../support/key-rings.ts';
import { type KeysWorld, keysWorld, minutes, missingOf } from '../../support/keys-world.ts';
import { without } from '../../support/without.ts';

/** The ports, and how many values were replaced through them. */
function counting({ ports }: KeysWorld) {
  const counts = { replaced: 0 };
  const sealedValues = interposed(ports.sealedValues, (_, call) => {
    counts.replaced += 1;
    return call();
  });
  return { counts, over: { sealedValues } satisfies Partial<ResealPorts> };
}

/** Both rings have been rotated, long enough ago for every function to know. */
async function rotated(count = 10): Promise<KeysWorld> {
  const world = keysWorld();
  await world.connectMany(count);
  await world.rotate('access-token');
  await world.rotate('renewal');
  await world.clock.advance(minutes(20));
  return world;
}

const each = (world: KeysWorld) => new Set(Object.values(world.keyIds()));

describe('resealing', () => {
  it('seals both values of every connection again with the current keys', async () => {
    const world = await rotated();
    await world.connectMany(4, 'beta');

    const ending = await world.reseal();

    expect(ending).toMatchObject({ outcome: 'finished', missing: [] });
    expect(ending.progress).toMatchObject({ seen: 14, resealed: 20, unopened: 0 });
    expect(each(world)).toEqual(new Set(['k2 k2']));
    expect(await world.open(aKey('c105'))).toEqual({
      credential: 'refresh of c105',
      accessToken: 'access of c105',
    });
  });

  it('writes nothing that is current already', async () => {
    const world = await rotated();
    await world.reseal();
    const { counts, over } = counting(world);

    const ending = await world.reseal({}, over);

    expect(counts.replaced).toBe(0);
    expect(ending.progress).toMatchObject({ seen: 10, resealed: 0 });
  });

  it('passes over tombstones, connections without values, and tokens that have ended', async () => {
    const world = keysWorld();
    await world.connect('ended');
    const token = world.ports.tokens.rows.get('acme/ended');
    if (token?.state !== 'active') throw new Error('there is no token');
    world.ports.tokens.put({ ...token, expiresAt: at(60) });
    await world.connect('gone');
    await world.rotate('renewal');
    await world.rotate('access-token');
    world.ports.connections.put(aTombstone(aKey('gone')));
    world.ports.tokens.put(aTombstone(aKey('gone')));
    await world.clock.advance(minutes(20));

    const ending = await world.reseal({ clients: [aKey().client] });

    expect(world.keyIds()).toEqual({ 'acme/ended': 'k2 k1', 'acme/gone': 'none none' });
    expect(missingOf(ending)).toEqual([]);
  });

  it('finds connections of a client whose registration is gone when it is named', async () => {
    const world = keysWorld();
    await world.connect('ann', 'gone');
    const row = await world.ports.connections.read(aKey('ann', 'gone'));
    if (!row || row.state === 'revoked') throw new Error('there is no connection');
    world.ports.connections.put(without({ ...row, state: 'needs_reauth' as const }, 'refreshAt'));
    await world.rotate('renewal');
    await world.reseal();
    expect(world.keyIds()).toEqual({ 'gone/ann': 'k1 k1' });

    await world.reseal({ clients: [aKey('ann', 'gone').client] });

    expect(world.keyIds()).toEqual({ 'gone/ann': 'k2 k1' });
  });

  it('goes on where it was stopped', async () => {
    const world = await rotated(40);
    let stopped = false;

    const first = await world.reseal({
      isStopped: () => stopped,
      onProgress: () => {
        stopped = true;
      },
    });
    const seenFirst = first.progress.seen;
    const second = await world.reseal();

    expect(first.outcome).toBe('stopped');
    expect(seenFirst).toBeLessThan(40);
    expect(second).toMatchObject({ outcome: 'finished', missing: [] });
    expect(second.progress).toMatchObject({ seen: 40, resealed: 80, startedAt: at(1200) });
    expect(each(world)).toEqual(new Set(['k2 k2']));
  });

  it('goes on after a crash at whatever call, with no connection left out and none harmed', async () => {
    const world = await rotated(7);
    for (let calls = 1; ; calls += 1) {
      let left = calls;
      const crash = (_: string, call: () => Promise<unknown>) => {
        left -= 1;
        return left > 0 ? call() : storeDown();
      };
      const { ports } = world;
      const over = {
        connections: interposed(ports.connections, crash),
        tokens: interposed(ports.tokens, crash),
        sealedValues: interposed(ports.sealedValues, crash),
        records: interposed(ports.records, crash),
        progress: interposed(ports.progress, crash),
        rings: interposed(ports.rings, crash),
        directory: interposed(ports.directory, crash),
      };
      const ending = await world.reseal({}, over).catch((error: unknown) => error);
      if (!(ending instanceof Fault)) break;
      expect(ending.code).toBe('STORE_UNAVAILABLE');
    }

    expect(each(world)).toEqual(new Set(['k2 k2']));
    for (let id = 100; id < 107; id += 1) {
      expect((await world.open(aKey(`c${id}`))).credential).toBe(`refresh of c${id}`);
    }
  });

  it('begins again at once with the newest key when a ring is rotated on its way', async () => {
    const world = await rotated(9);
    const { counts, over } = counting(world);
    let rotations = 0;
    const onProgress = ({ seen }: { readonly seen: number }) => {
      if (seen < 3 || rotations > 0) return;
      rotations += 1;
      void world.rotate('renewal');
    };

    const ending = await world.reseal({ onProgress }, over);

    expect(rotations).toBe(1);
    expect(each(world)).toEqual(new Set(['k3 k2']));
    expect(ending.progress.targets).toEqual({ 'access-token': 'k2', renewal: 'k3' });
    expect(missingOf(ending)).toEqual(['time']);
    // 27, if all had been sealed with the former key first.
    expect(counts.replaced).toBeLessThan(27);
  });

  it('begins again after a stop when a ring was rotated meanwhile', async () => {
    const world = await rotated(9);
    const { counts, over } = counting(world);
    await world.reseal({ isStopped: stopAfter(2) }, over);
    await world.rotate('renewal');

    await world.reseal({}, over);

    expect(each(world)).toEqual(new Set(['k3 k2']));
    // Both values of six connections, then the credentials of all and the tokens of three.
    expect(counts.replaced).toBe(12 + 9 + 3);
  });

  it('loses nothing to a refresh that writes between its read and its write, under whichever key', async () => {
    const world = await rotated(1);
    const { ports } = world;
    const before = await ports.connections.read(aKey('c100'));
    if (!before || before.state === 'revoked') throw new Error('there is no connection');
    const withOldRing = jweSealer(async (ring) => aKeyRing(ring, 'k1'));
    const binding = { ...aKey('c100'), fence: 9 };
    const sealedCredential = await withOldRing.seal('renewal', binding, 'refresh-9');
    let writes = 0;
    const sealedValues = interposed(ports.sealedValues, async (_method, call) => {
      writes += 1;
      if (writes === 1) {
        ports.connections.put({ ...before, fence: 9, credentialFence: 9, sealedCredential });
      }
      return call();
    });

    await world.reseal({}, { sealedValues });

    expect((await world.open(aKey('c100'))).credential).toBe('refresh-9');
    expect(world.keyIds()).toEqual({ 'acme/c100': 'k2 k2' });
    expect(writes).toBe(3);
  });

  it('gives up for now on a value that others keep writing, after five tries', async () => {
    const world = await rotated(1);
    let tries = 0;
    const replaceToken = async () => {
      tries += 1;
      return 'lost' as const;
    };
    const sealedValues = { ...world.ports.sealedValues, replaceToken };

    await expect(world.reseal({}, { sealedValues })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      context: { reason: 'contention' },
    });
    expect(tries).toBe(5);
  });

  it.each(['connections', 'sealedValues', 'records'] as const)(
    'ends where the store of the %s is away, and calls no value unopened for that',
    async (port) => {
      const world = await rotated(1);
      const away = { [port]: interposed(world.ports[port], storeDown) };

      await expect(world.reseal({}, away)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(world.ports.log.lines.map(({ event }) => event)).not.toContain('not_resealed');
    },
  );

  it('takes a mistake of ours for no value that does not open', async () => {
    const world = await rotated(1);
    const reseal = async () => {
      throw new TypeError('a mistake');
    };

    await expect(world.reseal({}, { resealer: { reseal } })).rejects.toThrow(TypeError);
  });

  it('names a value that does not open and goes on with the others', async () => {
    const world = await rotated(3);
    const token = world.ports.tokens.rows.get('acme/c101');
    if (token?.state !== 'active') throw new Error('there is no token');
    world.ports.tokens.put({ ...token, apiBaseUrl: 'https://elsewhere.example.com' });

    const ending = await world.reseal();

    expect(world.keyIds()).toEqual({
      'acme/c100': 'k2 k2',
      'acme/c101': 'k2 k1',
      'acme/c102': 'k2 k2',
    });
    expect(missingOf(ending)).toEqual(['values']);
    expect(world.ports.log.lines.find(({ event }) => event === 'not_resealed')?.details).toEqual({
      connection: 'acme/c101',
      code: 'SEALED_VALUE_INVALID',
      context: { purpose: 'access_token', reason: 'beside_altered' },
      advice: expect.any(String),
    });
  });

  it('names a row that does not read back and goes on with the others', async () => {
    const world = await rotated(3);
    const problems = ['fence is missing'];
    const connections = {
      read: async (key: Parameters<typeof world.ports.connections.read>[0]) => {
        if (key.connection !== 'c101') return world.ports.connections.read(key);
        throw new Fault('ROW_INVALID', { table: 'connections', key: 'acme/c101', problems });
      },
    };

    const ending = await world.reseal({}, { connections });

    expect(missingOf(ending)).toEqual(['values']);
    expect(ending.progress.resealed).toBe(5);
  });
});

describe('the proof that an older key is unused', () => {
  const unused = async (world: KeysWorld) =>
    (await world.ports.records.read('renewal', 'k1')).unusedSince;

  it('is the end of a sweep that began when no function could seal with it any more', async () => {
    const world = await rotated();

    await world.reseal();

    expect(await unused(world)).toBe(world.clock.now());
  });

  it('is none within 20 minutes of the rotation: rings are remembered, and grants are pending', async () => {
    const world = keysWorld();
    await world.connectMany(2);
    await world.rotate('renewal');
    await world.clock.advance(minutes(20) - 1000);

    const ending = await world.reseal();

    expect(ending).toMatchObject({ missing: [{ missing: 'time', from: at(1200) }] });
    expect(each(world)).toEqual(new Set(['k2 k1']));
    expect(await unused(world)).toBeUndefined();
  });

  it('is none while messages carry sealed values', async () => {
    const world = await rotated();
    world.messages.waiting = 2;

    const ending = await world.reseal();

    expect(ending).toMatchObject({ missing: [{ missing: 'messages', waiting: 2 }] });
    expect(await unused(world)).toBeUndefined();
  });

  it('is none where a value does not open', async () => {
    const world = await rotated(1);
    const row = await world.ports.connections.read(aKey('c100'));
    if (!row || row.state === 'revoked') throw new Error('there is no connection');
    world.ports.connections.put({ ...row, credentialFence: 2 });

    expect(missingOf(await world.reseal())).toEqual(['values']);
    expect(await unused(world)).toBeUndefined();
  });

  it('is taken back, and begins anew, when something sealed with the key turns up', async () => {
    const world = await rotated(2);
    const before = await world.ports.connections.read(aKey('c100'));
    await world.reseal();
    const proven = await unused(world);
    await world.clock.advance(minutes(60));
    if (!before || before.state === 'revoked') throw new Error('there is no connection');
    world.ports.connections.put(before);

    await world.reseal();

    expect(await unused(world)).toBe((proven ?? 0) + 3600);
  });

  it('is kept by a later sweep that finds nothing', async () => {
    const world = await rotated(2);
    await world.reseal();
    const proven = await unused(world);
    await world.clock.advance(minutes(60));

    await world.reseal();

    expect(await unused(world)).toBe(proven);
  });

  it('asks for nothing where no ring has an older key', async () => {
    const world = keysWorld();
    await world.connect('ann');
    world.messages.waiting = 3;

    expect(missingOf(await world.reseal())).toEqual([]);
  });
});

/** Says stop when it is asked for the nth time. */
function stopAfter(count: number): () => boolean {
  let asked = 0;
  return () => {
    asked += 1;
    return asked > count;
  };
}
