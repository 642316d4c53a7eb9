import type { EpochSeconds } from '../time.ts';
import type { Connection } from './ports.ts';
import type { RefreshCause } from './refresh-need.ts';
import type { RefreshPorts } from './refresh-replies.ts';
import { isDueForReminder, type RemindDays, readReminder, reminderAt } from './renewal-end.ts';

/**
 * Writes down that the end of a connection's renewal is near: at the moments that its schedule has
 * for that, and where its refreshes fail, which might have moved the end. The change of the row is
 * what tells it; each reminder is told once.
 *
 * @returns the row as it is then; `'told'` when there is no more to do now, since its refresh is
 *   planned for later.
 * @throws {Fault} `STORE_UNAVAILABLE`
 */
export async function remindOfEnd(
  { connections, clock }: Pick<RefreshPorts, 'connections' | 'clock'>,
  row: Connection,
  cause: RefreshCause,
): Promise<Connection | 'told'> {
  const { fence, committedFence, remindDays } = row;
  if (cause.kind !== 'due' || remindDays === undefined) return row;
  const now = clock.now();
  if (!isDueForReminder(row) && row.state !== 'failing') return row;
  const { days, next } = readReminder(row, now);
  const later = laterRefresh(row, now);
  if (later === undefined && days === undefined) return row;
  const refreshAt = later === undefined ? undefined : soonest(row, next, later);
  await connections.remind(
    row,
    { fence, committedFence, remindDays },
    { remindDays: next, ...(refreshAt !== undefined && { refreshAt }) },
  );
  if (later !== undefined) return 'told';
  // Where that was lost, another has told the same, or its attempt will keep us from ours.
  return { ...row, remindDays: next };
}

/** When to refresh, if it was looked at for a reminder only. What fails or is in doubt is looked into. */
function laterRefresh(row: Connection, now: EpochSeconds): EpochSeconds | undefined {
  if (row.state !== 'active' || row.intent) return undefined;
  const { renewAt } = row;
  return renewAt !== undefined && renewAt > now ? renewAt : undefined;
}

function soonest(
  { renewalEndsAt: end }: Connection,
  next: RemindDays,
  renewAt: EpochSeconds,
): EpochSeconds {
  if (end === undefined || next === 0) return renewAt;
  return Math.min(renewAt, reminderAt(end, next)) as EpochSeconds;
}
