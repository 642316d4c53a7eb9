import { describe, expect, it } from 'vitest';
import { assertTiming, beginAttemptTime } from '../../../lib/broker/refresh-timing.ts';
import { seconds } from '../../../lib/time.ts';
import { at } from '../../support/connections.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { timing } from '../../support/refresh-world.ts';

describe('durations that contradict each other', () => {
  it('are refused, naming all three numbers', () => {
    expect(() => assertTiming({ ...timing, leaseSeconds: seconds(15) })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION_INVALID',
        context: { problems: [expect.stringMatching(/LEASE_SECONDS \(15\).*\(10\).*\(5\)/)] },
      }),
    );
  });

  it('do not as soon as a call and its write fit into a lease', () => {
    const fitting = { ...timing, leaseSeconds: seconds(16) };

    expect(assertTiming(fitting)).toBe(fitting);
  });
});

describe('the time of an attempt', () => {
  it('ends with the lease or the invocation, whichever comes first', () => {
    const clock = movingClock();

    expect(beginAttemptTime(clock, timing, 60_000).remainingMs()).toBe(30_000);
    expect(beginAttemptTime(clock, timing, 20_000).remainingMs()).toBe(20_000);
  });

  it('fits a call while the provider’s deadline and the write still go in', async () => {
    const clock = movingClock();
    const time = beginAttemptTime(clock, timing, 60_000);

    await clock.advance(15_000);
    expect(time.fitsCall()).toBe(true);
    await clock.advance(1);
    expect(time.fitsCall()).toBe(false);
  });

  it('passes by the monotonic clock: a wall clock that jumps changes nothing', async () => {
    const clock = movingClock();
    const time = beginAttemptTime(clock, timing, 60_000);

    clock.setWallClock(at(-300));
    await clock.advance(16_000);

    expect(time.fitsCall()).toBe(false);
    expect(time.now).toBe(at(0));
  });
});
