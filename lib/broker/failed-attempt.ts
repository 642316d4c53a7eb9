import { storeMs } from './durable-answer.ts';
import { patiently } from './patiently.ts';
import type { RefreshReply, TokenStatus } from './ports.ts';
import { noteStatus, type RefreshPorts, replyAsFound } from './refresh-replies.ts';
import { planRetry } from './refresh-retry.ts';
import type { Attempt } from './refresh-settling.ts';

/**
 * Repeats a call of our own stores that settles an attempt. An ending that they do not hear of leaves
 * its intent, and the next refusal would be taken for an answer that was lost.
 *
 * @throws {Fault} `STORE_UNAVAILABLE` when they stay away until the lease is over.
 */
export function untilHeard<Result>(
  ports: RefreshPorts,
  attempt: Attempt,
  work: () => Promise<Result>,
): Promise<Result> {
  return patiently(ports, { key: attempt.row, leftMs: () => storeMs(attempt) }, work);
}

/** No answer, or one that says nothing about the grant: try again, as soon as that is safe. */
export async function settleFailure(
  ports: RefreshPorts,
  attempt: Attempt,
  ending: { readonly undecided: boolean; readonly retryAfterSeconds?: number },
): Promise<RefreshReply> {
  const { client, row, token, fence, time } = attempt;
  const now = ports.clock.now();
  const failures = row.failures + 1;
  const failingSince = row.failingSince ?? now;
  const own = { fence, at: time.now, credentialFence: row.credentialFence };
  // Where this attempt surely did nothing, an older one's doubt is as it was before.
  const doubtful = ending.undecided ? { ...row, fence, intent: row.intent ?? own } : row;
  const { refreshAt, inDoubt } = planRetry(ports, client, { ...ending, row: doubtful });
  const failure = { failingSince, failures, refreshAt, intentSettled: !ending.undecided };
  const write = () => ports.connections.fail(row, fence, failure);
  if ((await untilHeard(ports, attempt, write)) === 'lost') return replyAsFound(ports, row);

  const code = inDoubt ? 'outcome_unknown' : 'refresh_failing';
  const status: TokenStatus = {
    state: 'failing',
    since: failingSince,
    warning: { code, since: failingSince },
    retryAt: refreshAt,
  };
  await noteStatus(ports, { ...row, fence, token }, status);
  return { outcome: 'failing', ...status, ...(token && { token }) };
}
