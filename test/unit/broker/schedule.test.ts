import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RenewalKind } from '../../../lib/broker/ports.ts';
import {
  buildSchedule,
  refreshNotBefore,
  renewalEndAnnouncedAt,
  retryDelaySeconds,
} from '../../../lib/broker/schedule.ts';
import { epochSeconds } from '../../../lib/time.ts';
import { at } from '../../support/connections.ts';
import { aMoment } from '../../support/moving-clock.ts';

const refreshToken: readonly RenewalKind[] = ['refresh_token'];
const unknown = { obtainedAt: aMoment, expirySource: 'unknown' } as const;
const known = (lifetime: number) =>
  ({
    obtainedAt: aMoment,
    expirySource: 'expires_in',
    accessTokenExpiresAt: at(lifetime),
  }) as const;
const random = fc.double({ min: 0, max: 1, noNaN: true });
const tenYears = 315_360_000;
const lifetime = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: tenYears }));
const plan = (lives: Parameters<typeof buildSchedule>[0], renewal = refreshToken, at01 = 0.5) =>
  buildSchedule(lives, { lifetimes: {}, renewal }, at01).refreshAt;

describe('refresh_at', () => {
  it('lies after the token was obtained, before it ends, in its second half', () => {
    fc.assert(
      fc.property(lifetime, random, (seconds, jitter) => {
        const refreshAt = plan(known(seconds), refreshToken, jitter) ?? 0;

        expect(Number.isSafeInteger(refreshAt)).toBe(true);
        expect(refreshAt).toBeGreaterThanOrEqual(aMoment + Math.floor(seconds / 2));
        expect(refreshAt).toBeLessThanOrEqual(aMoment + seconds);
        if (seconds >= 4) expect(refreshAt).toBeLessThan(aMoment + seconds);
      }),
    );
  });

  it('keeps a margin of a fifth of the life, within a minute and an hour', () => {
    expect(plan(known(3600), refreshToken, 0)).toBe(at(2880));
    expect(plan(known(200), refreshToken, 0)).toBe(at(140));
    expect(plan(known(86_400), refreshToken, 0)).toBe(at(82_800));
    expect(plan(known(60), refreshToken, 0)).toBe(at(30));
  });

  it('is spread over half of the margin', () => {
    fc.assert(
      fc.property(lifetime, random, (seconds, jitter) => {
        const earliest = plan(known(seconds), refreshToken, 0) ?? 0;
        const latest = plan(known(seconds), refreshToken, 1) ?? 0;
        const refreshAt = plan(known(seconds), refreshToken, jitter) ?? 0;

        expect(refreshAt).toBeGreaterThanOrEqual(earliest);
        expect(refreshAt).toBeLessThanOrEqual(latest);
        expect(latest - earliest).toBeLessThanOrEqual(1800 + 1);
      }),
    );
    expect(plan(known(3600), refreshToken, 1)).toBe(at(3240));
  });

  it('is not set where the end is unknown', () => {
    expect(buildSchedule(unknown, { lifetimes: {}, renewal: refreshToken }, 0.5)).toEqual({
      expirySource: 'unknown',
    });
  });

  it('is the end itself where nothing can be renewed, to report that', () => {
    expect(plan(known(3600), [])).toBe(at(3600));
  });

  it('keeps an idle refresh token alive at three quarters of its limit', () => {
    const lifetimes = { refresh_token_idle_seconds: 86_400 };
    const idle = (renewal: readonly RenewalKind[]) =>
      buildSchedule(unknown, { lifetimes, renewal }, 0.5).refreshAt;

    expect(idle(refreshToken)).toBe(at(64_800));
    expect(idle(['password'])).toBeUndefined();
  });

  it('is an hour before the refresh token ends, if the access token lives longer', () => {
    const lives = { ...known(200_000), refreshTokenExpiresAt: at(50_000) };

    expect(plan(lives)).toBe(at(46_400));
    expect(plan(lives, ['password'])).toBe(at(197_300));
  });

  it('makes no tight loop of a refresh-token end that no refresh moves', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: tenYears }), random, (life, jitter) => {
        let obtainedAt = aMoment;
        let previous = {};
        let refreshes = 0;
        for (; refreshes < 10; refreshes += 1) {
          const lives = { ...unknown, obtainedAt, refreshTokenExpiresAt: at(life), previous };
          const planned = buildSchedule(lives, { lifetimes: {}, renewal: refreshToken }, jitter);
          const next = planned.renewAt ?? planned.refreshAt;
          if (next === undefined) break;
          expect(next - obtainedAt).toBeGreaterThanOrEqual(3600);
          previous = { ...previous, ...planned };
          obtainedAt = epochSeconds(next);
        }
        // Once to find out whether a refresh moves it, once in good time before it.
        expect(refreshes).toBeLessThanOrEqual(2);
      }),
    );
  });
});

describe('the end of renewal', () => {
  const announced = (refreshTokenExpiresAt: number, renewal = refreshToken) =>
    renewalEndAnnouncedAt(
      { expirySource: 'unknown', refreshTokenExpiresAt: at(refreshTokenExpiresAt) },
      renewal,
      aMoment,
    );

  it('is announced a week before, or at half of what there is', () => {
    expect(announced(30 * 86_400)).toBe(at(23 * 86_400));
    expect(announced(86_400)).toBe(at(43_200));
  });

  it('is that of the access token where nothing can be renewed', () => {
    expect(renewalEndAnnouncedAt(known(3600), [], aMoment)).toBe(at(1800));
  });

  it.each([[['password']], [['refresh_token', 'client_credentials']]] as const)(
    'does not exist where %j is held',
    (renewal) => {
      expect(announced(86_400, renewal)).toBeUndefined();
    },
  );

  it('is not announced where it is unknown', () => {
    expect(
      renewalEndAnnouncedAt({ expirySource: 'unknown' }, refreshToken, aMoment),
    ).toBeUndefined();
  });
});

describe('the wait after a failure', () => {
  it('is between a tenth and the whole of a doubling ceiling, of an hour at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), random, (failures, jitter) => {
        const ceiling = Math.min(3600, 60 * 2 ** Math.min(failures - 1, 10));
        const delay = retryDelaySeconds(failures, jitter);

        expect(delay).toBeGreaterThanOrEqual(ceiling / 10);
        expect(delay).toBeLessThanOrEqual(ceiling);
      }),
    );
    expect(retryDelaySeconds(1, 1)).toBe(60);
    expect(retryDelaySeconds(7, 1)).toBe(3600);
  });

  it('is never less than the provider asked, up to a day', () => {
    fc.assert(
      fc.property(random, fc.double({ min: 0, noNaN: true }), (jitter, retryAfterSeconds) => {
        const delay = retryDelaySeconds(1, jitter, { retryAfterSeconds });

        expect(delay).toBeGreaterThanOrEqual(Math.min(retryAfterSeconds, 86_400));
        expect(delay).toBeLessThanOrEqual(86_400);
      }),
    );
  });

  it('may be bounded by us, though not against the provider', () => {
    expect(retryDelaySeconds(9, 1, { mostSeconds: 7 })).toBe(7);
    expect(retryDelaySeconds(9, 1, { mostSeconds: 7, retryAfterSeconds: 30 })).toBe(30);
  });
});

describe('a provider that refuses to refresh early', () => {
  const lateBy = (span: number, lives: Parameters<typeof buildSchedule>[0], idle?: number) =>
    buildSchedule(
      lives,
      {
        lifetimes: {
          not_before_expiry_seconds: span,
          ...(idle !== undefined && { refresh_token_idle_seconds: idle }),
        },
        renewal: refreshToken,
      },
      0,
    ).refreshAt;

  it('is asked no sooner than it allows', () => {
    expect(lateBy(300, known(3600))).toBe(at(3300));
    expect(lateBy(1800, known(3600))).toBe(at(2880));
  });

  it('is asked on demand only, where it allows less than 90 s', () => {
    expect(lateBy(90, known(3600))).toBe(at(3510));
    expect(lateBy(89, known(3600))).toBeUndefined();
  });

  it('is asked in time to keep an idle refresh token alive, and yet not too early', () => {
    expect(lateBy(300, known(86_400), 40_000)).toBe(at(86_100));
    expect(lateBy(60, known(3600), 40_000)).toBe(at(30_000));
    expect(lateBy(60, known(36_000), 40_000)).toBe(at(36_000));
  });

  it('has connections looked at when they end that cannot renew themselves', () => {
    const lifetimes = { not_before_expiry_seconds: 60 };

    expect(buildSchedule(known(3600), { lifetimes, renewal: [] }, 0).refreshAt).toBe(at(3600));
  });

  it('is told of to vend as a moment', () => {
    expect(refreshNotBefore({ not_before_expiry_seconds: 300 }, at(3600))).toBe(at(3300));
    expect(refreshNotBefore({ not_before_expiry_seconds: 300 }, undefined)).toBeUndefined();
    expect(refreshNotBefore({}, at(3600))).toBeUndefined();
  });
});
