import { isFault } from '../fault.ts';
import { type ConnectionKey, keyText } from '../names.ts';
import type { Clock } from '../time.ts';
import type { Log } from './ports.ts';

const firstPauseMs = 50;
const longestPauseMs = 1000;

/**
 * Repeats work on our own stores until they answer, or the time is over.
 *
 * @param options.leftMs - how long from now another try may still begin.
 * @param work - finds, when repeated, whatever of it was done before.
 * @throws {Fault} `STORE_UNAVAILABLE` of the last try; any other at once.
 */
export async function patiently<Result>(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  options: { readonly key: ConnectionKey; readonly leftMs: () => number },
  work: () => Promise<Result>,
): Promise<Result> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    let leftMs: number;
    try {
      return await work();
    } catch (error) {
      leftMs = options.leftMs();
      if (!isFault(error) || error.code !== 'STORE_UNAVAILABLE' || leftMs <= 0) throw error;
      log.warn('store_unavailable', { connection: keyText(options.key), context: error.context });
    }
    // The last try is at the very end: what it brings to safety cannot be had again.
    await clock.sleep(Math.min(pauseMs, leftMs));
  }
}
