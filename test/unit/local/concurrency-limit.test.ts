import { describe, expect, test } from 'vitest';
import { concurrencyLimit } from '../../../local/concurrency-limit.ts';

async function isReady(ready: Promise<boolean>): Promise<boolean | 'waiting'> {
  // A promise that is settled wins against one that comes later in the list.
  return Promise.race([ready, Promise.resolve('waiting' as const)]);
}

describe('a concurrency limit', () => {
  test('admits as many of a name as it may, and the next one when a place is left', async () => {
    const limit = concurrencyLimit(2);
    const [first, second, third] = [limit.enter('a'), limit.enter('a'), limit.enter('a')];

    expect(await isReady(first.ready)).toBe(true);
    expect(await isReady(second.ready)).toBe(true);
    expect(await isReady(third.ready)).toBe('waiting');
    second.leave();

    expect(await isReady(third.ready)).toBe(true);
  });

  test('counts each name alone', async () => {
    const limit = concurrencyLimit(1);
    limit.enter('a');

    expect(await isReady(limit.enter('b').ready)).toBe(true);
  });

  test('passes over one that left while it waited', async () => {
    const limit = concurrencyLimit(1);
    const running = limit.enter('a');
    const gone = limit.enter('a');
    const patient = limit.enter('a');

    gone.leave();
    running.leave();

    expect(await isReady(gone.ready)).toBe(false);
    expect(await isReady(patient.ready)).toBe(true);
  });

  test('frees one place only, however often it is left', async () => {
    const limit = concurrencyLimit(1);
    const running = limit.enter('a');
    running.leave();
    running.leave();

    const next = limit.enter('a');
    const afterNext = limit.enter('a');

    expect(await isReady(next.ready)).toBe(true);
    expect(await isReady(afterNext.ready)).toBe('waiting');
  });
});
