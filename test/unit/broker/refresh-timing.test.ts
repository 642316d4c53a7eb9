import { describe, expect, it } from 'vitest';
import {
  assertTiming,
  beginAttemptTime,
  readTiming,
  timingSettings,
} from '../../../lib/broker/refresh-timing.ts';
import { readSettings } from '../../../lib/settings.ts';
import { seconds } from '../../../lib/time.ts';
import { at } from '../../support/connections.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { timing } from '../../support/refresh-world.ts';

const limits = { functionTimeoutSeconds: seconds(60), visibilitySeconds: seconds(90) };

describe('durations that contradict each other', () => {
  it.each([
    ['a lease', { leaseSeconds: seconds(15) }, {}, /LEASE_SECONDS \(15\).*\(10\).*\(5\)/],
    [
      'an invocation',
      {},
      { functionTimeoutSeconds: seconds(30) },
      /REFRESH_TIMEOUT_SECONDS \(30\).*LEASE_SECONDS \(30\)/,
    ],
    [
      'a hidden message',
      {},
      { visibilitySeconds: seconds(60) },
      /REFRESH_VISIBILITY_SECONDS \(60\).*REFRESH_TIMEOUT_SECONDS \(60\)/,
    ],
  ])('are refused for %s that ends too soon, naming the numbers', (_, times, bounds, problem) => {
    expect(() => assertTiming({ ...timing, ...times }, { ...limits, ...bounds })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION_INVALID',
        context: { problems: [expect.stringMatching(problem)] },
      }),
    );
  });

  it('are all told at once', () => {
    const short = { functionTimeoutSeconds: seconds(10), visibilitySeconds: seconds(5) };

    expect(() => assertTiming({ ...timing, leaseSeconds: seconds(15) }, short)).toThrow(
      expect.objectContaining({ context: { problems: [0, 1, 2].map(() => expect.any(String)) } }),
    );
  });

  it('do not as soon as each fits into the next', () => {
    const fitting = { ...timing, leaseSeconds: seconds(16) };

    expect(
      assertTiming(fitting, {
        functionTimeoutSeconds: seconds(17),
        visibilitySeconds: seconds(18),
      }),
    ).toBe(fitting);
  });
});

describe('the durations of a deployment', () => {
  const deployed = {
    REFRESH_PROVIDER_TIMEOUT_SECONDS: '45',
    STORE_WRITE_SECONDS: '5',
    LEASE_SECONDS: '60',
    REFRESH_TIMEOUT_SECONDS: '90',
    REFRESH_VISIBILITY_SECONDS: '120',
  };
  const read = (changes: object) =>
    readTiming(readSettings({ ...deployed, ...changes }, ...timingSettings));

  it('are read from the settings of their names', () => {
    expect(read({})).toMatchObject({
      ...{ providerTimeoutSeconds: 45, storeWriteSeconds: 5, leaseSeconds: 60 },
    });
  });

  it.each([
    ['REFRESH_PROVIDER_TIMEOUT_SECONDS', '55'],
    ['STORE_WRITE_SECONDS', '15'],
    ['LEASE_SECONDS', '50'],
    ['REFRESH_TIMEOUT_SECONDS', '60'],
    ['REFRESH_VISIBILITY_SECONDS', '90'],
  ])('are refused for a %s of %s, and for none', (name, value) => {
    const naming = (problem: string) => ({
      code: 'CONFIGURATION_INVALID',
      context: { problems: [expect.stringContaining(problem)] },
    });

    expect(() => read({ [name]: value })).toThrow(
      expect.objectContaining(naming(`${name} (${value})`)),
    );
    expect(() => read({ [name]: undefined })).toThrow(expect.objectContaining(naming(name)));
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
