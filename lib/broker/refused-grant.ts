/**
 * Dead means proven dead: what a provider's refusal of a grant does to a connection.
 *
 * @module
 */
import { isFault } from '../fault.ts';
import { type ClientName, keyText } from '../names.ts';
import { seconds } from '../time.ts';
import { isLive } from './establish-connection.ts';
import { settleFailure, untilHeard } from './failed-attempt.ts';
import type { ConnectionStore, RefreshReply, TokenStatus } from './ports.ts';
import { noteStatus, type RefreshPorts, replyAsFound } from './refresh-replies.ts';
import type { Attempt } from './refresh-settling.ts';

/** The provider says that the grant is dead. Believed when nothing of ours explains it otherwise. */
export async function settleRefusal(
  ports: RefreshPorts,
  attempt: Attempt,
  refreshTokenRefused: boolean,
): Promise<RefreshReply> {
  const { row, fence } = attempt;
  const current = await untilHeard(ports, attempt, () => ports.connections.read(row));
  if (isLive(current) && current.committedFence > row.committedFence) {
    ports.count('refresh_race_recovered', { provider: row.provider });
    await untilHeard(ports, attempt, () => ports.connections.release(row, fence));
    return replyAsFound(ports, row);
  }
  const end = row.refreshTokenExpiresAt;
  const ended = refreshTokenRefused && end !== undefined && end <= ports.clock.now();
  if (ended && !row.intent) return settleDead(ports, attempt, 'renewal_credential_expired');
  if (await isBraked(ports, attempt)) {
    return settleFailure(ports, attempt, { undecided: false });
  }
  // An attempt before this one never heard its answer: that answer may have replaced the token.
  return settleDead(
    ports,
    attempt,
    row.intent && refreshTokenRefused ? 'answer_lost' : 'grant_dead',
  );
}

/** A window of counting: a mistake of ours shows in all connections of a client at once. */
const brakeWindowSeconds = seconds(600);

/**
 * Whether so many grants of this client were called dead within ten minutes that a mistake of ours,
 * such as a registration of another environment, is likelier than so many deaths.
 */
async function isBraked(ports: RefreshPorts, { client, row }: Attempt): Promise<boolean> {
  const { refused_grants_brake: most } = client.definition;
  const refused = await countRefused(ports, client.name);
  // A death that nobody counts is not believed yet.
  if (refused === undefined) return true;
  if (refused <= most) return false;
  ports.count('reauthorization_held', { provider: row.provider });
  ports.log.error('reauthorization_held', {
    connection: keyText(row),
    refused,
    most,
    advice:
      'too many grants were refused at once; look at the registration, and raise' +
      ' refused_grants_brake in its provider_overrides if they are dead indeed',
  });
  return true;
}

/** Not repeated: a count whose answer was lost may have been made. Undefined where it was not heard. */
async function countRefused(
  { clientStatus, clock, log }: RefreshPorts,
  client: ClientName,
): Promise<number | undefined> {
  try {
    const refusal = { at: clock.now(), windowSeconds: brakeWindowSeconds };
    return await clientStatus.countRefusedGrant(client, refusal);
  } catch (error) {
    if (!isFault(error) || error.code !== 'STORE_UNAVAILABLE') throw error;
    log.warn('store_unavailable', { client, context: error.context });
    return undefined;
  }
}

/** Marks a connection that only its owner can bring back, and tells callers and the log. */
export async function settleDead(
  ports: RefreshPorts,
  attempt: Attempt,
  reason: 'grant_dead' | 'answer_lost' | 'renewal_credential_expired' | 'no_renewal_credential',
): Promise<RefreshReply> {
  const { row, token, fence } = attempt;
  const since = ports.clock.now();
  if (!(await markDead(ports, attempt, { reason, since }))) {
    await untilHeard(ports, attempt, () => ports.connections.release(row, fence));
    return replyAsFound(ports, row);
  }
  ports.log.error('reauthorization_required', { connection: keyText(row), reason });
  ports.count('reauthorization_required', { provider: row.provider, reason });
  const status: TokenStatus = { state: 'needs_reauth', reason, since };
  await noteStatus(ports, { ...row, fence, token }, status);
  return { outcome: 'needs_reauth', ...status, ...(token && { token }) };
}

/** True also when the mark is our own although its answer was lost. */
async function markDead(
  ports: RefreshPorts,
  attempt: Attempt,
  death: Parameters<ConnectionStore['markDead']>[2],
): Promise<boolean> {
  const { row, fence } = attempt;
  const { committedFence, credentialFence } = row;
  const { connections } = ports;
  return untilHeard(ports, attempt, async () => {
    const seen = { fence, committedFence, credentialFence };
    if ((await connections.markDead(row, seen, death)) === 'done') return true;
    const current = await connections.read(row);
    return isLive(current) && current.state === 'needs_reauth' && current.fence === fence;
  });
}
