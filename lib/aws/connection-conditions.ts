/**
 * What must still hold of a connection's row when it is written, by name.
 *
 * @module
 */
import type { Seen } from '../broker/ports.ts';
import type { EpochSeconds } from '../time.ts';
import { absent, allOf, anyOf, compare, type Expression, isOneOf, present } from './expression.ts';

/** Nobody has begun an attempt, reconnected or deleted since. */
export const fenceIs = (fence: number): Expression => compare('fence', 'is', fence);

/** Fences only grow: a writer whose fence is not higher than the row's is late. */
export const fenceBelow = (fence: number): Expression => compare('fence', 'lessThan', fence);

export const isNew: Expression = absent('pk');

export const isThere: Expression = present('pk');

export const notRevoked: Expression = compare('state', 'isNot', 'revoked');

/** Neither deleted nor waiting for its owner. */
export const isLive: Expression = isOneOf('state', ['active', 'failing']);

/** Neither an attempt has begun nor an answer been kept since. */
export const isAsSeen = ({ fence, committedFence }: Seen): Expression =>
  allOf(fenceIs(fence), compare('committed_fence', 'is', committedFence));

/** No answer as new as this one has been kept. */
export const committedBelow = (fence: number): Expression =>
  compare('committed_fence', 'lessThan', fence);

/** No newer answer has been kept; this one may have been. */
export const committedAtMost = (fence: number): Expression =>
  compare('committed_fence', 'atMost', fence);

export const credentialIs = (fence: number): Expression => compare('credential_fence', 'is', fence);

/** Nobody has put it off, nor called it sooner, since. */
export const dueIs = (refreshAt: EpochSeconds | undefined): Expression =>
  refreshAt === undefined ? absent('refresh_at') : compare('refresh_at', 'is', refreshAt);

export const leaseEndedBefore = (instant: EpochSeconds): Expression =>
  anyOf(absent('lease'), compare('lease.until', 'lessThan', instant));

export const intentIsOf = (fence: number): Expression => compare('intent.fence', 'is', fence);

/** There is one, of this attempt or of one before it. */
export const intentIsUpTo = (fence: number): Expression => compare('intent.fence', 'atMost', fence);

export const intentIsAfter = (fence: number): Expression =>
  anyOf(absent('intent'), compare('intent.fence', 'moreThan', fence));
