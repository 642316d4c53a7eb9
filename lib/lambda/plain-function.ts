import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { endsWithItsTime } from '../invocation-end.ts';
import type { FunctionLog } from '../log.ts';
import { describeFailure } from '../problem.ts';

/**
 * Wraps a function that only AWS or another function of ours invokes. A failure is logged and
 * thrown again, without the words of whatever caused it, so that the invoker counts it.
 */
export function plainFunction<Event, Answer>(
  log: FunctionLog,
  respond: (event: Event, context: Context) => Promise<Answer>,
) {
  return middy<Event, Answer>(endsWithItsTime)
    .before(({ context }) => log.begin(context))
    .handler(async (event: Event, context: Context) => {
      try {
        return await respond(event, context);
      } catch (error) {
        log.error('invocation_failed', describeFailure(error));
        // Not from an `onError`: middy hangs the first error on one that is thrown there, and
        // Lambda writes both into the log.
        throw new Error('the invocation failed; the log tells why');
      }
    });
}
