/**
 * What a function does when its invocation comes to its end before its answer: options for middy,
 * whose own is an error that nobody foresaw, five milliseconds before.
 *
 * @module
 */
import { Fault } from './fault.ts';

/**
 * Somebody waits: they are told to come back, while the answer can still get out.
 *
 * Later than every deadline that is kept inside (`deadlineOf`: a second before the end), so that an
 * answer in time is never overtaken.
 */
export const answersBeforeTheEnd = {
  timeoutEarlyInMillis: 300,
  timeoutEarlyResponse: (): never => {
    throw new Fault('OUT_OF_TIME', {});
  },
} as const;

/**
 * Nobody waits for more than an end. Lambda kills what is still at work: answered early, it would
 * only be frozen, and go on in a later invocation, long after its lease.
 */
export const endsWithItsTime = { timeoutEarlyInMillis: 0 } as const;
