import type { FunctionLog } from '../log.ts';
import { buildProblem } from '../problem.ts';
import type { Clock } from '../time.ts';

interface Measuring {
  readonly log: Pick<FunctionLog, 'measure'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * Tells how long a vend took and how it ended: metric `vend_duration`, once for each request,
 * whatever comes of it. Its outcome is `vended`, `warned` where the token came with a warning, or the
 * error that is answered.
 *
 * @throws whatever `vend` throws.
 */
export async function timedVend<Vended extends { readonly warning?: object }>(
  { log, clock }: Measuring,
  vend: () => Promise<Vended>,
): Promise<Vended> {
  const begunMs = clock.monotonicMs();
  const tell = (outcome: string) =>
    log.measure('vend_duration', clock.monotonicMs() - begunMs, { outcome });
  try {
    const vended = await vend();
    tell(vended.warning === undefined ? 'vended' : 'warned');
    return vended;
  } catch (error) {
    tell(buildProblem(error).error);
    throw error;
  }
}
