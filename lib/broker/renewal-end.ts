/**
 * When a connection can renew itself no more, and when that is told ahead.
 *
 * @module
 */
import type { EpochSeconds } from '../time.ts';
import type { Connection, RenewalKind, Schedule } from './ports.ts';

/** So many days before the end it is told, each once. */
const reminders = [30, 7, 1] as const;

/** The days before the end at which it is told next; 0: all has been told, or was over before. */
export type RemindDays = (typeof reminders)[number] | 0;

/** What a connection's schedule has of its end. */
export interface ReminderPlan {
  /** When to refresh it, where a reminder comes before that. */
  readonly renewAt?: EpochSeconds;
  /** When nothing but its owner can renew it any more, where that is known. */
  readonly renewalEndsAt?: EpochSeconds;
  /** So many days before that end is the next reminder. Absent in an answer: as it was. */
  readonly remindDays?: RemindDays;
}

const daySeconds = 86_400;

/** Who tells lives in seconds counts them anew each time: an end that moves so little is the same. */
const sameEndSeconds = 60;

/** A reminder so soon after the end has become known is none. */
const leastLeadSeconds = 3600;

type Ends = Pick<Schedule, 'accessTokenExpiresAt' | 'refreshTokenExpiresAt'>;

/**
 * The end of a connection's renewal: its refresh token's, or, with nothing to renew it, its access
 * token's.
 *
 * @param renewal - what the provider lets us renew with.
 * @returns undefined where it has none, or none that is known.
 */
export function renewalEnd(
  { accessTokenExpiresAt, refreshTokenExpiresAt }: Ends,
  renewal: readonly RenewalKind[],
): EpochSeconds | undefined {
  if (renewal.some((kind) => kind !== 'refresh_token')) return undefined;
  return renewal.length === 0 ? accessTokenExpiresAt : refreshTokenExpiresAt;
}

/** When the reminder of so many days is due. */
export function reminderAt(end: EpochSeconds, days: RemindDays): EpochSeconds {
  return (end - days * daySeconds) as EpochSeconds;
}

/** What is known of a connection's life when its next reminder is planned. */
export interface RenewalLife {
  readonly end: EpochSeconds;
  readonly obtainedAt: EpochSeconds;
  /** When it is refreshed for the sake of its tokens. */
  readonly renewAt: EpochSeconds | undefined;
  /** What was known before this refresh; undefined: it has just been connected. */
  readonly previous: ReminderPlan | undefined;
  /** Whether it can be refreshed at a moment. */
  readonly mayRefresh: (at: EpochSeconds) => boolean;
}

/**
 * When to look at a connection, for its refresh or for a reminder before that.
 *
 * Most refresh tokens get a new end with each refresh, and then there is nothing to tell. Where
 * nothing is known yet, the connection is refreshed when the reminder is due, to find out.
 */
export function planReminder(life: RenewalLife): ReminderPlan & Pick<Schedule, 'refreshAt'> {
  const { end, obtainedAt, renewAt, previous, mayRefresh } = life;
  const isFixed = isSameEnd(previous?.renewalEndsAt, end);
  const told = isFixed ? previous?.remindDays : undefined;
  const days = told ?? firstReminder(end, obtainedAt);
  const known = { renewalEndsAt: end, ...(told === undefined && { remindDays: days }) };
  if (renewAt === undefined) return known;
  const at = reminderAt(end, days);
  const moves = previous?.renewalEndsAt !== undefined && !isFixed;
  if (days === 0 || moves || at >= renewAt) return { refreshAt: renewAt, ...known };
  if (!isFixed && mayRefresh(at)) return { refreshAt: at, ...known };
  return { refreshAt: at, renewAt, ...known };
}

/** The first reminder of an end that has just been told: a shorter life skips those before it. */
function firstReminder(end: EpochSeconds, obtainedAt: EpochSeconds): RemindDays {
  return reminders.find((days) => reminderAt(end, days) >= obtainedAt + leastLeadSeconds) ?? 0;
}

/** Whether two ends are one, told twice. */
function isSameEnd(one: EpochSeconds | undefined, other: EpochSeconds): boolean {
  return one !== undefined && Math.abs(one - other) <= sameEndSeconds;
}

/** What there is to tell of a connection's end at a moment, and what comes after. */
export interface Reminder {
  /** Of several that are overdue only the last; undefined: nothing yet. */
  readonly days?: RemindDays;
  readonly next: RemindDays;
}

/** Reads off what is to be told now. Nothing any more once the end has come. */
export function readReminder(
  { renewalEndsAt: end, remindDays: planned = 0 }: Schedule,
  now: EpochSeconds,
): Reminder {
  if (end === undefined || end <= now) return { next: planned };
  const left = reminders.filter((days) => days <= planned);
  const overdue = left.filter((days) => reminderAt(end, days) <= now);
  const next = left.find((days) => reminderAt(end, days) > now) ?? 0;
  const days = overdue.at(-1);
  return days === undefined ? { next: planned } : { days, next };
}

/**
 * Which reminder was told by the write that changed the next one.
 *
 * @param before - the next reminder before that write, `after` the one since.
 */
export function toldBetween(before: RemindDays, after: RemindDays): RemindDays {
  return reminders.findLast((days) => days > after) ?? before;
}

/** Whether it is on the schedule for a reminder, with its refresh planned for later. */
export function isDueForReminder({ refreshAt, renewAt, renewalEndsAt: end }: Schedule): boolean {
  if (end === undefined || renewAt === undefined || refreshAt === undefined) return false;
  return renewAt > refreshAt && reminders.some((days) => reminderAt(end, days) === refreshAt);
}

/** When a connection is refreshed next, whatever it is looked at for before. */
export function nextRefreshAt(row: Connection): EpochSeconds | undefined {
  return isDueForReminder(row) ? row.renewAt : row.refreshAt;
}
