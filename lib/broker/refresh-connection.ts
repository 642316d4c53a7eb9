/**
 * Refreshes one connection, so that the grant is never lost by our own fault.
 *
 *     read → ready → acquire (lease + intent) → call → commit → publish
 *
 * Everything that can fail without the provider is done before its credential is spent; exactly one
 * small write stands between its answer and durability.
 *
 * @module
 */
import { isFault } from '../fault.ts';
import { type ConnectionKey, keyText } from '../names.ts';
import type { Client } from '../providers/client.ts';
import type { EpochSeconds } from '../time.ts';
import { noteChangedClient } from './changed-client.ts';
import { breakerHolds, takeProbe, tellBreaker } from './client-breaker.ts';
import type { ClientStatus } from './client-ports.ts';
import { followSecrets, withoutOlderSecret } from './client-secrets.ts';
import { isLive } from './establish-connection.ts';
import { readySeals } from './kept-answer.ts';
import { assertPinned } from './pinned-client.ts';
import type { Connection, RefreshReply, StoredToken, Tombstone } from './ports.ts';
import { prepareAnswer } from './prepared-answer.ts';
import { type CallEnding, planRenewal, type RenewalPlan } from './refresh-call.ts';
import { takeLease } from './refresh-lease.ts';
import { answerWithoutCall, type RefreshCause } from './refresh-need.ts';
import {
  fresh,
  holdBack,
  postponeDue,
  type RefreshPorts,
  readLiveToken,
  replyInProgress,
} from './refresh-replies.ts';
import { undecidedUntil } from './refresh-retry.ts';
import { settleRefresh } from './refresh-settling.ts';
import { beginAttemptTime } from './refresh-timing.ts';
import { callAsRegistered, liftRefusal } from './refused-client.ts';
import { remindOfEnd } from './remind-of-end.ts';
import { withCurrentClient } from './with-current-client.ts';

/**
 * Refreshes the connection if that is still needed, alone, and tells how it ended.
 *
 * Any number of workers may run it at once for one connection: one of them calls the provider.
 *
 * @param deadlineMs - when this invocation has to be done, on the monotonic clock.
 * @throws {Fault} `STORE_UNAVAILABLE` when our own stores fail; the work is then to be redelivered.
 *   Every other trouble is recorded and answered.
 */
export async function refreshConnection(
  ports: RefreshPorts,
  key: ConnectionKey,
  { cause, deadlineMs }: { readonly cause: RefreshCause; readonly deadlineMs: number },
): Promise<RefreshReply> {
  const row = await readOrQuarantine(ports, key);
  if (row === 'unreadable') return { outcome: 'failing', state: 'failing' };
  if (!isLive(row)) return replyUnknown(ports, key);
  const token = await readLiveToken(ports, row);
  const settled = answerWithoutCall(ports, { row, token, cause });
  if (settled) return settled;
  const current = await remindOfEnd(ports, row, cause);
  if (current === 'told') return fresh(row, token);

  const ready = await makeReady(ports, current, token);
  if ('outcome' in ready) return ready;
  return attempt(ports, { row: current, token, cause, ...ready, deadlineMs });
}

/**
 * Reads the connection. One that does not read back leaves the schedule, so that it neither fails
 * every minute nor holds up its lane; the log names what is wrong with it.
 */
async function readOrQuarantine(
  { connections, log }: RefreshPorts,
  key: ConnectionKey,
): Promise<Connection | Tombstone | 'unreadable' | undefined> {
  try {
    return await connections.read(key);
  } catch (error) {
    if (!isFault(error) || error.code !== 'ROW_INVALID') throw error;
    await connections.quarantine(key);
    const { code, message: advice, context } = error;
    log.error('connection_quarantined', { connection: keyText(key), code, advice, context });
    return 'unreadable';
  }
}

interface Ready {
  readonly client: Client;
  /** The client's own row. A refusal in it is of an older registration. */
  readonly status: ClientStatus;
  readonly plan: RenewalPlan;
}

/** Everything in memory that the attempt will need, before the lease is taken. */
async function makeReady(
  ports: RefreshPorts,
  row: Connection,
  token: StoredToken | undefined,
): Promise<Ready | RefreshReply> {
  let status: ClientStatus | undefined;
  try {
    status = await ports.clientStatus.read(row.client);
    const openUntil = breakerHolds(ports, status);
    if (openUntil !== undefined) {
      return await holdBack(ports, { row, token, code: 'refresh_failing', until: openUntil });
    }
    const usable = await readUsableClient(ports, row, status.refusedVersion);
    if (!usable) return await holdBack(ports, { row, token, code: 'client_refused' });
    const client = withoutOlderSecret(usable, status);
    await readySeals(ports);
    const plan = await planRenewal(ports, client, row);

    const waitUntil = undecidedUntil(ports, client, row);
    if (plan.steps[0]?.kind === 'refresh_token' && waitUntil > ports.clock.now()) {
      return await holdBack(ports, { row, token, code: 'outcome_unknown', until: waitUntil });
    }
    return { client, plan, status };
  } catch (error) {
    if (!isFault(error) || error.code === 'STORE_UNAVAILABLE') throw error;
    ports.log.error('refresh_not_ready', {
      connection: keyText(row),
      code: error.code,
      advice: error.message,
      context: error.context,
    });
    await noteChangedClient(ports, row.client, { fault: error, status });
    return holdBack(ports, { row, token, code: 'refresh_failing' });
  }
}

/**
 * The client, unless the provider has refused this very version of its registration.
 *
 * @throws {Fault} `CLIENT_CHANGED`, and the faults of the registry.
 */
async function readUsableClient(
  { clients }: RefreshPorts,
  row: Connection,
  refusedVersion: string | undefined,
): Promise<Client | undefined> {
  const pinned = async (client: Client) => {
    assertPinned(client, row);
    return client;
  };
  const remembered = await withCurrentClient(clients, row.client, pinned);
  if (remembered.version !== refusedVersion) return remembered;
  const current = await pinned(await clients.read(row.client, { fresh: true }));
  return current.version === refusedVersion ? undefined : current;
}

async function attempt(
  ports: RefreshPorts,
  input: Ready & {
    readonly row: Connection;
    readonly token: StoredToken | undefined;
    readonly cause: RefreshCause;
    readonly deadlineMs: number;
  },
): Promise<RefreshReply> {
  const { row, token, cause, plan, deadlineMs, status } = input;
  const time = beginAttemptTime(ports.clock, ports.timing, deadlineMs);
  if (plan.steps.length === 0 && token?.sealed && hasKnownLife(token, time.now)) {
    return fresh(row, token);
  }
  if (!time.fitsCall()) {
    await postponeDue(ports, row, row.fence);
    return replyInProgress(row, token);
  }
  const probedUntil = await takeProbe(ports, input.client, status);
  if (probedUntil !== undefined) {
    return holdBack(ports, { row, token, code: 'refresh_failing', until: probedUntil });
  }
  const leased = await takeLease(ports, { row, token, cause, now: time.now });
  if ('outcome' in leased) return leased;
  const prepared = prepareAnswer(ports, leased);
  try {
    const { client, call } = await callAsRegistered(ports, {
      ...leased,
      client: input.client,
      plan,
      time,
    });
    // What is written instead of an answer is not to wait for what the answer's write holds.
    if (!isGranted(call)) prepared.drop();
    const reply = await settleRefresh(ports, { ...leased, client, token, time, prepared, call });
    // After the answer is safe: nothing may come between it and its write.
    if (call.ending === 'called') {
      const { outcome } = call;
      await tellBreaker(ports, client, { status, at: time.now, outcome });
      await liftRefusal(ports, client, { status, outcome });
      await followSecrets(ports, client, outcome);
    }
    return reply;
  } finally {
    prepared.drop();
  }
}

const isGranted = (call: CallEnding) =>
  call.ending === 'called' && call.outcome.outcome === 'granted';

/** A token whose end is not known does not count: whoever asks for another has found it refused. */
function hasKnownLife(token: StoredToken, now: EpochSeconds): boolean {
  return token.expiresAt !== undefined && token.expiresAt > now;
}

async function replyUnknown(ports: RefreshPorts, key: ConnectionKey): Promise<RefreshReply> {
  try {
    await ports.clients.read(key.client);
  } catch (error) {
    if (isFault(error) && error.code === 'UNKNOWN_CLIENT') {
      return { outcome: 'unknown_client', state: 'needs_reauth' };
    }
  }
  return { outcome: 'unknown_connection', state: 'needs_reauth' };
}
