/**
 * The second half of a refresh: what the provider's answer, or its silence, does to the stores.
 *
 * @module
 */
import { keyText } from '../names.ts';
import type { TokenOutcome } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import { later, seconds } from '../time.ts';
import { settleFailure, untilHeard } from './failed-attempt.ts';
import { keepAnswer } from './keep-answer.ts';
import type { Connection, RefreshReply, StoredToken, TokenStatus } from './ports.ts';
import type { PreparedAnswer } from './prepared-answer.ts';
import type { CallEnding } from './refresh-call.ts';
import {
  noteStatus,
  postponeDue,
  type RefreshPorts,
  replyAsFound,
  replyInProgress,
} from './refresh-replies.ts';
import type { AttemptTime } from './refresh-timing.ts';
import { settleDead, settleRefusal } from './refused-grant.ts';

/** One attempt, from its lease on. */
export interface Attempt {
  readonly client: Client;
  /** The connection as it was before the attempt. */
  readonly row: Connection;
  readonly token: StoredToken | undefined;
  readonly fence: number;
  readonly time: AttemptTime;
  readonly prepared: PreparedAnswer;
}

/** Brings an attempt to its end in the stores, whatever the provider did. */
export async function settleRefresh(
  ports: RefreshPorts,
  attempt: Attempt & { readonly call: CallEnding },
): Promise<RefreshReply> {
  const { call, row, token, fence, client } = attempt;
  if (call.ending === 'no_time') {
    await untilHeard(ports, attempt, () => ports.connections.release(row, fence));
    await postponeDue(ports, row, fence);
    return replyInProgress(row, token);
  }
  if (call.ending === 'no_credential') return settleDead(ports, attempt, 'no_renewal_credential');

  const { outcome } = call;
  if (outcome.outcome === 'granted') {
    try {
      return await keepAnswer(ports, attempt, { ...call, answer: outcome.answer });
    } finally {
      // The provider has granted it, whatever became of its answer.
      record(ports, attempt, outcome);
    }
  }
  record(ports, attempt, outcome);
  switch (outcome.outcome) {
    case 'grant_refused':
      return settleRefusal(ports, attempt, call.refused.includes('refresh_token'));
    case 'client_refused':
      return settleClientRefused(ports, attempt, client.version);
    case 'request_refused':
      return settleFailure(ports, attempt, { undecided: false });
    case 'unavailable':
      return settleFailure(ports, attempt, {
        ...outcome,
        undecided: outcome.undecided && call.kind === 'refresh_token',
      });
    case 'answer_invalid':
      // It was a success to the provider: it may have replaced the refresh token.
      return settleFailure(ports, attempt, { undecided: call.kind === 'refresh_token' });
    default:
      return outcome satisfies never;
  }
}

/** Stops the client, which the provider does not know or trust, and touches no connection. */
async function settleClientRefused(
  ports: RefreshPorts,
  attempt: Attempt,
  version: string,
): Promise<RefreshReply> {
  const { row, token, fence } = attempt;
  const now = ports.clock.now();
  const released = await untilHeard(ports, attempt, async () => {
    await ports.clientStatus.markRefused(row.client, version, now);
    return ports.connections.release(row, fence);
  });
  ports.log.error('client_refused', {
    client: row.client,
    advice: 'the provider refuses our client; put the right client_secret into its secret',
  });
  ports.count('client_refused', { provider: row.provider });
  if (released === 'lost') return replyAsFound(ports, row);
  await postponeDue(ports, row, fence);
  const status: TokenStatus = {
    state: row.state,
    warning: { code: 'client_refused', since: now },
    retryAt: later(now, seconds(60)),
  };
  await noteStatus(ports, { ...row, fence, token }, status);
  return { outcome: 'failing', ...status, ...(token && { token }) };
}

function record(ports: RefreshPorts, { row }: Attempt, outcome: TokenOutcome): void {
  ports.count('refresh', { provider: row.provider, outcome: outcome.outcome });
  if (outcome.outcome === 'granted') return;
  const { outcome: ending, ...rest } = outcome;
  ports.log.warn('refresh_failed', { connection: keyText(row), ending, ...rest });
}
