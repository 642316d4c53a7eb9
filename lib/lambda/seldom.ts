import type { FunctionLog } from '../log.ts';
import { describeFailure } from '../problem.ts';
import type { Clock, Seconds } from '../time.ts';

/**
 * Work beside the work of a function: done by each container at its first invocation, and again only
 * when so much time has passed. Its failure is a line of the log and fails nothing else.
 *
 * @param options.pause - from one time to the next.
 * @param options.failed - the event that is logged when it fails.
 */
export function seldom(
  { log, clock }: { readonly log: FunctionLog; readonly clock: Clock },
  options: { readonly pause: Seconds; readonly failed: string },
  work: () => Promise<void>,
): () => Promise<void> {
  let nextMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = clock.monotonicMs();
    if (nowMs < nextMs) return;
    nextMs = nowMs + options.pause * 1000;
    try {
      await work();
    } catch (error) {
      log.warn(options.failed, describeFailure(error));
    }
  };
}
