import { keyText } from '../names.ts';
import type { Clock } from '../time.ts';
import { isLive } from './establish-connection.ts';
import { patiently } from './patiently.ts';
import type { Connection, ConnectionStore, Log, TokenStatus, TokenStore } from './ports.ts';
import type { RecoveryMessage } from './queue-ports.ts';

interface Ports {
  readonly connections: ConnectionStore;
  readonly tokens: TokenStore;
  readonly log: Log;
}

/** What became of an answer that came round through the recovery queue. */
export type Recovery = 'recovered' | 'already_kept' | 'superseded' | 'deleted';

/**
 * Stores an answer that could not be stored when it came. Its values are sealed: they are written,
 * not read.
 *
 * May run any number of times, days late, in any order: a newer answer, a reconnect or a deletion
 * always wins.
 *
 * @throws {Fault} `STORE_UNAVAILABLE`: the message is to be redelivered.
 */
export async function recoverAnswer(
  { connections, tokens, log }: Ports,
  message: RecoveryMessage,
): Promise<Recovery> {
  const { fence, answer, token } = message;
  const result = await connections.commitLate(message, fence, answer);
  const row = await connections.read(message);
  const recovery = judge();
  if (isLive(row) && (recovery === 'recovered' || recovery === 'already_kept')) {
    await tokens.publish({ ...token, ...statusOf(row) });
  }
  log.info('answer_recovered', { connection: keyText(message), fence, recovery });
  return recovery;

  function judge(): Recovery {
    if (!isLive(row)) return 'deleted';
    if (result === 'done') return 'recovered';
    return row.committedFence === fence ? 'already_kept' : 'superseded';
  }
}

/** What a last try may take: a call to a store gives up after three tries of a second each. */
const tryMs = 4000;

/**
 * The same, tried until the invocation ends: the next delivery comes a minute later, and the refresh
 * token that the answer replaced is not left alone for ever.
 *
 * @param deadlineMs - when this invocation has to be done, on the monotonic clock.
 */
export function recoverPatiently(
  ports: Ports & { readonly clock: Clock },
  message: RecoveryMessage,
  deadlineMs: number,
): Promise<Recovery> {
  const leftMs = () => deadlineMs - ports.clock.monotonicMs() - tryMs;
  return patiently(ports, { key: message, leftMs }, () => recoverAnswer(ports, message));
}

/** A late answer does not bring back a connection that died of something else. */
function statusOf({ state, reason, needsReauthSince: since }: Connection): Partial<TokenStatus> {
  if (state !== 'needs_reauth') return {};
  return { state, ...(reason && { reason }), ...(since !== undefined && { since }) };
}
