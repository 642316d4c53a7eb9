import { decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { rememberedReads } from '../../../lib/aws/remembered-reads.ts';
import type { KeyRingName } from '../../../lib/broker/key-ports.ts';
import { jweSealer, type ReadKeyRing } from '../../../lib/sealing/jwe-sealer.ts';
import { Secret } from '../../../lib/secret.ts';
import { seconds } from '../../../lib/time.ts';
import { aKey } from '../../support/connections.ts';
import { aKeyRing, keyCharacters } from '../../support/key-rings.ts';
import { memoryKeyRings } from '../../support/memory-keys.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { reasonOf } from './reason-of.ts';

const binding = { ...aKey(), fence: 7 };

/** Rings that change: what is remembered, and what a fresh read finds. Counts the fresh reads. */
function changingRings(remembered: readonly string[], fresh: readonly string[]) {
  const reads = { remembered: 0, fresh: 0 };
  const readRing: ReadKeyRing = async (name, options) => {
    reads[options?.fresh ? 'fresh' : 'remembered'] += 1;
    return aKeyRing(name, ...(options?.fresh ? fresh : remembered));
  };
  return { readRing, reads };
}

describe('jweSealer, rotating keys', () => {
  const sealedBy = (...keyIds: readonly string[]) =>
    jweSealer(async (name) => aKeyRing(name, ...keyIds)).seal('renewal', binding, 'plaintext');

  it('opens with an old key what it sealed, and seals with the new one', async () => {
    const old = await sealedBy('k1');
    const sealer = jweSealer(async (name) => aKeyRing(name, 'k2', 'k1'));

    expect(await sealer.open('renewal', binding, old)).toBe('plaintext');
    expect(decodeProtectedHeader(await sealer.seal('renewal', binding, 'x')).kid).toBe('k2');
  });

  it('reads the ring afresh, once, for a key that it does not have', async () => {
    const { readRing, reads } = changingRings(['k1'], ['k2', 'k1']);
    const sealer = jweSealer(readRing);

    expect(await sealer.open('renewal', binding, await sealedBy('k2', 'k1'))).toBe('plaintext');

    expect(reads.fresh).toBe(1);
  });

  it('refuses a value whose key is gone, after reading afresh once', async () => {
    const { readRing, reads } = changingRings(['k1'], ['k1']);

    const opening = jweSealer(readRing).open('renewal', binding, await sealedBy('k9'));

    expect(await reasonOf(opening)).toBe('unknown_key');
    expect(reads).toEqual({ remembered: 1, fresh: 1 });
  });

  it('reads nothing afresh for a value that belongs elsewhere', async () => {
    const { readRing, reads } = changingRings(['k1'], ['k1']);
    const elsewhere = { ...binding, fence: 8 };

    await reasonOf(jweSealer(readRing).open('renewal', elsewhere, await sealedBy('k9')));

    expect(reads).toEqual({ remembered: 0, fresh: 0 });
  });

  it('opens access tokens without ever reading the ring of renewal credentials', async () => {
    const rings: string[] = [];
    const sealer = jweSealer(async (name) => {
      rings.push(name);
      return aKeyRing(name, 'k1');
    });

    const sealed = await sealer.seal('access_token', binding, 'plaintext');
    await sealer.open('access_token', binding, sealed);

    expect(new Set(rings)).toEqual(new Set(['access-token']));
  });
});

describe('a ring that was rotated while functions run', () => {
  /** Functions as they run: each remembers the rings for five minutes. */
  async function runningFunctions() {
    const clock = movingClock();
    const rings = memoryKeyRings(clock);
    const aFunction = () =>
      jweSealer(
        rememberedReads((ring: KeyRingName) => rings.readRing(ring), { clock, age: seconds(300) }),
      );
    const rotate = async (keyId: string) => {
      const characters = new Secret('key', keyCharacters('renewal', keyId));
      await rings.addKey(await rings.read('renewal'), { keyId, characters });
    };
    return { clock, aFunction, rotate };
  }

  it('opens at once, everywhere, what the new key has sealed', async () => {
    const { aFunction, rotate } = await runningFunctions();
    const [writer, reader, newcomer] = [aFunction(), aFunction(), aFunction()];
    const before = await writer.seal('renewal', binding, 'before');
    await reader.open('renewal', binding, before);
    await rotate('k2');

    const sealed = await newcomer.seal('renewal', binding, 'after');

    expect(decodeProtectedHeader(sealed).kid).toBe('k2');
    for (const each of [writer, reader, newcomer]) {
      expect(await each.open('renewal', binding, sealed)).toBe('after');
      expect(await each.open('renewal', binding, before)).toBe('before');
    }
  });

  it('seals with the new key in every function after five minutes', async () => {
    const { clock, aFunction, rotate } = await runningFunctions();
    const writer = aFunction();
    await writer.ready('renewal');
    await rotate('k2');
    const keyIdNow = async () => {
      await writer.ready('renewal');
      return decodeProtectedHeader(await writer.seal('renewal', binding, 'x')).kid;
    };

    await clock.advance(299_000);
    expect(await keyIdNow()).toBe('k1');
    await clock.advance(1000);
    expect(await keyIdNow()).toBe('k2');
  });
});
