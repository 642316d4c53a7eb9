import { describe, expect, it } from 'vitest';
import { rememberedReads } from '../../../lib/aws/remembered-reads.ts';
import { seconds } from '../../../lib/time.ts';
import { at } from '../../support/connections.ts';
import { movingClock } from '../../support/moving-clock.ts';

/** Reads that end when the test says; the n-th answers n. */
function aSource() {
  const begun: { readonly key: string; readonly end: (error?: Error) => void }[] = [];
  const clock = movingClock();
  const read = rememberedReads(
    (key: string) =>
      new Promise<number>((resolve, reject) => {
        const number = begun.length + 1;
        begun.push({ key, end: (error) => (error ? reject(error) : resolve(number)) });
      }),
    { clock, age: seconds(300) },
  );
  return { read, begun, clock };
}

describe('rememberedReads', () => {
  it('reads once for a hundred that ask at once', async () => {
    const { read, begun } = aSource();

    const answers = Array.from({ length: 100 }, () => read('a'));
    begun[0]?.end();

    expect(new Set(await Promise.all(answers))).toEqual(new Set([1]));
    expect(begun).toHaveLength(1);
  });

  it('keeps keys apart', async () => {
    const { read, begun } = aSource();

    const answers = [read('a'), read('b')];
    for (const { end } of begun) end();

    expect(await Promise.all(answers)).toEqual([1, 2]);
  });

  it('reads again when an answer has reached its age, counted from when it was asked for', async () => {
    const { read, begun, clock } = aSource();
    const first = read('a');
    await clock.advance(10_000);
    begun[0]?.end();
    await first;

    await clock.advance(289_000);
    expect(await read('a')).toBe(1);
    await clock.advance(1000);
    const second = read('a');
    begun[1]?.end();

    expect(await second).toBe(2);
  });

  it('does not trust an answer from the future: the wall clock has jumped back', async () => {
    const { read, begun, clock } = aSource();
    const first = read('a');
    begun[0]?.end();
    await first;
    clock.setWallClock(at(-3600));

    const second = read('a');
    begun[1]?.end();

    expect(await second).toBe(2);
  });

  it('does not remember a failure', async () => {
    const { read, begun } = aSource();
    const failing = read('a');
    begun[0]?.end(new Error('down'));
    await expect(failing).rejects.toThrow('down');

    const second = read('a');
    begun[1]?.end();

    expect(await second).toBe(2);
  });

  it('begins a read of its own when asked afresh, and remembers the younger of two', async () => {
    const { read, begun } = aSource();
    const older = read('a');
    const fresh = read('a', { fresh: true });

    begun[1]?.end();
    await fresh;
    begun[0]?.end();

    expect(await older).toBe(1);
    expect(await fresh).toBe(2);
    expect(await read('a')).toBe(2);
  });
});
