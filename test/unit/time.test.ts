import { expect, it } from 'vitest';
import { earlier, epochSeconds, later, seconds, systemClock, until } from '../../lib/time.ts';

const now = epochSeconds(1_790_000_000);

it('counts in whole seconds', () => {
  expect(later(now, seconds(60))).toBe(1_790_000_060);
  expect(earlier(now, seconds(60))).toBe(1_789_999_940);
});

it('says how long until an instant, and nothing below zero', () => {
  expect(until(later(now, seconds(60)), now)).toBe(60);
  expect(until(earlier(now, seconds(60)), now)).toBe(0);
});

it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
  'takes %s for neither a duration nor an instant',
  (count) => {
    expect(() => seconds(count)).toThrow(RangeError);
    expect(() => epochSeconds(count)).toThrow(RangeError);
  },
);

it('has a clock whose readings fit together', async () => {
  const before = systemClock.monotonicMs();
  await systemClock.sleep(5);

  expect(systemClock.monotonicMs()).toBeGreaterThan(before);
  expect(Number.isInteger(systemClock.now())).toBe(true);
  expect(Math.abs(systemClock.nowMs() / 1000 - systemClock.now())).toBeLessThan(2);
});
