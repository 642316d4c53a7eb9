import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule } from '../../../lib/broker/ports.ts';
import {
  isDueForReminder,
  nextRefreshAt,
  readReminder,
  renewalEnd,
} from '../../../lib/broker/renewal-end.ts';
import { buildSchedule } from '../../../lib/broker/schedule.ts';
import { aConnection, at } from '../../support/connections.ts';

const day = 86_400;
const end = at(100 * day);
const lives = { obtainedAt: at(0), expirySource: 'expires_in' } as const;

interface Lives {
  readonly accessToken?: number;
  readonly refreshToken?: number;
  readonly obtained?: number;
  readonly previous?: Pick<Schedule, 'renewalEndsAt' | 'remindDays'>;
  readonly renewal?: readonly ('refresh_token' | 'password')[];
  readonly span?: number;
}

/** The schedule of an answer, all in days after the beginning. */
const plan = ({ accessToken, refreshToken, obtained = 0, previous, ...given }: Lives) => {
  const { renewal = ['refresh_token'], span } = given;
  return buildSchedule(
    {
      ...lives,
      obtainedAt: at(obtained * day),
      ...(accessToken !== undefined && { accessTokenExpiresAt: at(accessToken * day) }),
      ...(refreshToken !== undefined && { refreshTokenExpiresAt: at(refreshToken * day) }),
      ...(previous && { previous }),
    },
    { lifetimes: span === undefined ? {} : { not_before_expiry_seconds: span }, renewal },
    0,
  );
};

describe('the end of renewal', () => {
  const ends = { accessTokenExpiresAt: at(1), refreshTokenExpiresAt: at(2) };

  it('is that of the refresh token, and of the access token where nothing renews it', () => {
    expect(renewalEnd(ends, ['refresh_token'])).toBe(at(2));
    expect(renewalEnd(ends, [])).toBe(at(1));
  });

  it('is none where a password or the client itself can renew', () => {
    expect(renewalEnd(ends, ['refresh_token', 'password'])).toBeUndefined();
    expect(renewalEnd(ends, ['client_credentials'])).toBeUndefined();
  });
});

describe('the schedule of a connection whose renewal ends', () => {
  it('plans nothing where no end is known', () => {
    expect(plan({ accessToken: 1 })).not.toHaveProperty('renewalEndsAt');
    expect(plan({ accessToken: 1 })).not.toHaveProperty('remindDays');
  });

  it.each([
    [100, 30],
    [31, 30],
    [30, 7],
    [8, 7],
    [7, 1],
    [2, 1],
    [1, 0],
  ] as const)('of a life of %d days begins with the reminder at %d days', (refreshToken, days) => {
    const planned = plan({ accessToken: 0.5, refreshToken });

    expect(planned).toMatchObject({ renewalEndsAt: at(refreshToken * day), remindDays: days });
  });

  it('leaves out a reminder that would come within the first hour', () => {
    expect(plan({ accessToken: 0.5, refreshToken: 30 + 3599 / day }).remindDays).toBe(7);
    expect(plan({ accessToken: 0.5, refreshToken: 30 + 3600 / day }).remindDays).toBe(30);
  });

  it('refreshes at the first reminder where nothing shows yet whether a refresh moves the end', () => {
    const planned = plan({ accessToken: 90, refreshToken: 100 });

    expect(planned.refreshAt).toBe(at(70 * day));
    expect(planned).not.toHaveProperty('renewAt');
  });

  it('has the reminder alone where a refresh has not moved the end, and the refresh after it', () => {
    const previous = { renewalEndsAt: end, remindDays: 30 } as const;

    const planned = plan({ obtained: 60, accessToken: 95, refreshToken: 100, previous });

    expect(planned).toMatchObject({ refreshAt: at(70 * day), renewAt: at(95 * day - 3600) });
    expect(planned).not.toHaveProperty('remindDays');
    expect(isDueForReminder(planned)).toBe(true);
  });

  it('leaves a refresh that comes before the reminder, or with it, where it was', () => {
    const previous = { renewalEndsAt: end, remindDays: 30 } as const;
    const refreshedOn = (days: number) =>
      plan({ obtained: 60, accessToken: days + 3600 / day, refreshToken: 100, previous });

    expect(refreshedOn(61).refreshAt).toBe(at(61 * day));
    expect(refreshedOn(61)).not.toHaveProperty('renewAt');
    expect(refreshedOn(70).refreshAt).toBe(at(70 * day));
    expect(refreshedOn(70)).not.toHaveProperty('renewAt');
  });

  it('takes an end that moved by a minute for the same, and no more than that', () => {
    const previous = { renewalEndsAt: end, remindDays: 7 } as const;
    const moved = (seconds: number) =>
      plan({ obtained: 80, accessToken: 99, refreshToken: 100 + seconds / day, previous });

    expect(moved(60)).not.toHaveProperty('remindDays');
    expect(moved(-60)).not.toHaveProperty('remindDays');
    expect(moved(61)).toHaveProperty('remindDays');
    expect(moved(-61)).toHaveProperty('remindDays');
  });

  it('has no reminder of its own where refreshes move the end', () => {
    const previous = { renewalEndsAt: at(60 * day), remindDays: 30 } as const;

    const planned = plan({ obtained: 50, accessToken: 110, refreshToken: 110, previous });

    expect(planned).toMatchObject({ refreshAt: at(110 * day - 3600), remindDays: 30 });
    expect(planned).not.toHaveProperty('renewAt');
  });

  it('is due at once for a reminder that a refresh has overtaken', () => {
    const previous = { renewalEndsAt: end, remindDays: 30 } as const;

    const planned = plan({ obtained: 70.5, accessToken: 71.5, refreshToken: 100, previous });

    expect(planned).toMatchObject({ refreshAt: at(70 * day) });
    expect(planned.renewAt).toBeGreaterThan(at(71 * day));
  });

  it('has reminders alone where nothing can be refreshed, or not yet', () => {
    const ended = plan({ accessToken: 60, renewal: [] });
    const tooEarly = plan({ accessToken: 90, refreshToken: 100, span: 3600 });

    expect(ended).toMatchObject({ refreshAt: at(30 * day), renewAt: at(60 * day) });
    expect(tooEarly).toMatchObject({ refreshAt: at(70 * day) });
    expect(tooEarly.renewAt).toBeGreaterThan(at(89 * day));
  });

  it('has reminders alone where only a caller may ask for a refresh', () => {
    const onDemand = plan({ refreshToken: 100, span: 60 });

    expect(onDemand.refreshAt).toBe(at(70 * day));
    expect(onDemand.renewAt).toBeGreaterThan(at(99 * day));
  });

  it('plans anew for a row of before, which does not say which reminder is next', () => {
    const previous = { renewalEndsAt: end };

    const planned = plan({ obtained: 80, accessToken: 99, refreshToken: 100, previous });

    expect(planned.remindDays).toBe(7);
  });
});

describe('a reminder', () => {
  const planned = (remindDays: 30 | 7 | 1 | 0) =>
    ({ expirySource: 'expires_in', renewalEndsAt: end, remindDays }) as const;
  const before = (days: number) => at((100 - days) * day);

  it.each([
    ['not yet', 30, before(30) - 1, { next: 30 }],
    ['at its moment', 30, before(30), { days: 30, next: 7 }],
    ['late', 30, before(8), { days: 30, next: 7 }],
    ['so late that the next is due too', 30, before(7), { days: 7, next: 1 }],
    ['of the last day', 30, before(0.5), { days: 1, next: 0 }],
    ['of seven days', 7, before(7), { days: 7, next: 1 }],
    ['of seven days, again', 1, before(6), { next: 1 }],
    ['when all is told', 0, before(0.1), { next: 0 }],
    ['at the end', 7, before(0), { next: 7 }],
  ] as const)('is told %s', (_when, days, now, told) => {
    expect(readReminder(planned(days), at(now - at(0)))).toEqual(told);
  });

  it('is none without an end', () => {
    expect(readReminder({ expirySource: 'unknown' }, at(0))).toEqual({ next: 0 });
  });

  it('is told once each, and in order, however often and late it is looked at', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 101 * day }), { maxLength: 40 }),
        (moments) => {
          let schedule: Schedule = planned(30);
          const told: number[] = [];
          for (const moment of moments.toSorted((one, other) => one - other)) {
            const { days, next } = readReminder(schedule, at(moment));
            if (days !== undefined) told.push(days);
            schedule = planned(next);
          }
          expect(told).toEqual([...new Set(told)].toSorted((one, other) => other - one));
        },
      ),
    );
  });
});

describe('the next refresh, as it is shown,', () => {
  it('is what the schedule has, or what comes after the reminder that it has', () => {
    const moments = { refreshAt: at(70 * day), renewAt: at(90 * day) };

    expect(nextRefreshAt(aConnection({ ...moments, renewalEndsAt: end }))).toBe(at(90 * day));
    expect(nextRefreshAt(aConnection({ ...moments, renewalEndsAt: at(101 * day) }))).toBe(
      at(70 * day),
    );
    expect(nextRefreshAt(aConnection({ refreshAt: at(9) }))).toBe(at(9));
  });

  it('is no later than what the schedule has: a plan that is over is none', () => {
    for (const days of [69, 70]) {
      const moments = { refreshAt: at(70 * day), renewAt: at(days * day), renewalEndsAt: end };

      expect(isDueForReminder(aConnection(moments))).toBe(false);
    }
  });
});
