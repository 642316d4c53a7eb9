import type { FunctionLog } from '../log.ts';
import { describeFailure } from '../problem.ts';
import type { Clock } from '../time.ts';

/** From one time to the next: as long as a key ring is remembered. */
const pauseMs = 300_000;

/**
 * Work beside the work of a function: done by each container at its first invocation, and again only
 * after five minutes. Its failure is a line of the log and fails nothing else.
 *
 * @param failed - the event that is logged when it fails.
 */
export function seldom(
  { log, clock }: { readonly log: FunctionLog; readonly clock: Clock },
  failed: string,
  work: () => Promise<void>,
): () => Promise<void> {
  let nextMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = clock.monotonicMs();
    if (nowMs < nextMs) return;
    nextMs = nowMs + pauseMs;
    try {
      await work();
    } catch (error) {
      log.warn(failed, describeFailure(error));
    }
  };
}
