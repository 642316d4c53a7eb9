import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fencedAt, nextFence } from '../../../lib/broker/fence.ts';
import { aMoment, movingClock } from '../../support/moving-clock.ts';

it('is higher than the one seen, however far the clock has jumped back', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 2 ** 45 }), (now, seen) => {
      const clock = { ...movingClock(), nowMs: () => now };

      expect(nextFence(seen, clock)).toBeGreaterThan(seen);
      expect(nextFence(seen, clock)).toBeGreaterThanOrEqual(now);
    }),
  );
});

it('is the present in milliseconds where nothing was seen, so that a restored table is behind', () => {
  expect(nextFence(undefined, movingClock())).toBe(aMoment * 1000);
});

it('tells when its attempt began, to the second', () => {
  const clock = { ...movingClock(), nowMs: () => aMoment * 1000 + 999 };

  expect(fencedAt(nextFence(1, clock))).toBe(aMoment);
});
