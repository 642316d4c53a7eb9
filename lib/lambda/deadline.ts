import type { Context } from 'aws-lambda';
import type { Clock } from '../time.ts';

/** Kept back for the answer's way out. */
const reserveMs = 1000;

/** When an invocation has to be done, on the monotonic clock. */
export function deadlineOf(context: Context, clock: Clock): number {
  return clock.monotonicMs() + context.getRemainingTimeInMillis() - reserveMs;
}
