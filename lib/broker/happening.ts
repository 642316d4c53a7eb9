/**
 * Which event a change of a row means.
 *
 * @module
 */
import type { ReauthorizationReason } from '../fault.ts';
import type { EpochSeconds } from '../time.ts';
import type { RenewalKind } from './ports.ts';
import { type RemindDays, toldBetween } from './renewal-end.ts';
import type { ClientImage, ConnectionImage, LiveImage, RowChange, Version } from './row-change.ts';

/** What happened to a connection or a client. The types are a fixed list of the interface. */
export type Happening =
  | { readonly type: 'connection.connected'; readonly isReconnect: boolean }
  | {
      readonly type: 'connection.refresh_failing';
      readonly since?: EpochSeconds;
      readonly nextTryAt?: EpochSeconds;
      readonly accessTokenExpiresAt?: EpochSeconds;
    }
  | {
      readonly type: 'connection.recovered';
      readonly previousState: 'failing' | 'needs_reauth';
      readonly since?: EpochSeconds;
    }
  | {
      readonly type: 'connection.reauthorization_required';
      readonly reason?: ReauthorizationReason;
      readonly since?: EpochSeconds;
      readonly renewal: readonly RenewalKind[];
    }
  | {
      readonly type: 'connection.expiring_soon';
      readonly days: RemindDays;
      readonly endsAt: EpochSeconds;
      readonly renewal: readonly RenewalKind[];
    }
  | { readonly type: 'connection.revoked' }
  | { readonly type: 'client.refused'; readonly since?: EpochSeconds }
  | { readonly type: 'client.changed'; readonly since?: EpochSeconds };

/** What happened, and its place among all that happened to the same connection or client. */
export interface Happened {
  readonly happening: Happening;
  readonly sequence: number;
  /** Of a connection only. */
  readonly provider?: string;
}

/** So many writes under one fence are told apart. There are a handful. */
const changesPerFence = 1000;

/**
 * Reads off a change what is to be told. The answer depends on the change alone, so a change that is
 * delivered again tells the same.
 *
 * @returns undefined where nobody has to know: attempts, refreshes as planned, rows of other kinds.
 */
export function readHappening(change: RowChange): Happened | undefined {
  switch (change.row) {
    case 'connection':
      return readConnection(change.before, change.after);
    case 'client':
      return readClient(change.before, change.after);
    case 'other':
      return undefined;
    default:
      return change satisfies never;
  }
}

function readConnection(
  before: ConnectionImage | undefined,
  after: ConnectionImage | undefined,
): Happened | undefined {
  const was = isLive(before) ? before : undefined;
  if (!isLive(after)) {
    if (!was) return undefined;
    // Without a tombstone the row was deleted by hand, and says no more when that was.
    const sequence = after ? sequenceOf(after) : sequenceOf(was) + 1;
    return { happening: { type: 'connection.revoked' }, sequence, provider: was.provider };
  }
  const happening = isConnected(before, after)
    ? ({ type: 'connection.connected', isReconnect: was !== undefined } as const)
    : was && readTransition(was, after);
  return happening && { happening, sequence: sequenceOf(after), provider: after.provider };
}

/** Only connecting sets both fences in one write. */
function isConnected(before: ConnectionImage | undefined, after: LiveImage): boolean {
  return after.committedFence === after.fence && before?.fence !== after.fence;
}

function readTransition(before: LiveImage, after: LiveImage): Happening | undefined {
  if (after.state === before.state) return readReminder(before, after);
  switch (after.state) {
    case 'active':
      return {
        type: 'connection.recovered',
        previousState: before.state === 'needs_reauth' ? 'needs_reauth' : 'failing',
        ...since(before.needsReauthSince ?? before.failingSince),
      };
    case 'failing':
      return {
        type: 'connection.refresh_failing',
        ...since(after.failingSince),
        ...(after.refreshAt !== undefined && { nextTryAt: after.refreshAt }),
        ...(after.accessTokenExpiresAt !== undefined && {
          accessTokenExpiresAt: after.accessTokenExpiresAt,
        }),
      };
    case 'needs_reauth':
      return {
        type: 'connection.reauthorization_required',
        ...(after.reason && { reason: after.reason }),
        ...since(after.needsReauthSince),
        renewal: after.renewal,
      };
    default:
      return after.state satisfies never;
  }
}

/** The end is the same, and a reminder of it has been crossed off. */
function readReminder(before: LiveImage, after: LiveImage): Happening | undefined {
  const { renewalEndsAt: endsAt, remindDays: planned } = before;
  if (endsAt === undefined || endsAt !== after.renewalEndsAt) return undefined;
  if (planned === undefined || after.remindDays === undefined || after.remindDays >= planned) {
    return undefined;
  }
  const days = toldBetween(planned, after.remindDays);
  return { type: 'connection.expiring_soon', days, endsAt, renewal: after.renewal };
}

function readClient(
  before: ClientImage | undefined,
  after: ClientImage | undefined,
): Happened | undefined {
  if (!after) return undefined;
  const { refusedVersion, changedVersion, changes: sequence } = after;
  if (refusedVersion !== undefined && refusedVersion !== before?.refusedVersion) {
    return { happening: { type: 'client.refused', ...since(after.refusedAt) }, sequence };
  }
  if (changedVersion !== undefined && changedVersion !== before?.changedVersion) {
    return { happening: { type: 'client.changed', ...since(after.changedAt) }, sequence };
  }
  return undefined;
}

function isLive(image: ConnectionImage | undefined): image is LiveImage {
  return image !== undefined && image.state !== 'revoked';
}

/** Grows with each write that is told: fences never decrease, and changes grow under each. */
function sequenceOf({ fence, changes }: Version): number {
  return fence * changesPerFence + changes;
}

const since = (at: EpochSeconds | undefined) => (at === undefined ? {} : { since: at });
