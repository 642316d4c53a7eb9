import { Fault } from '../fault.ts';
import { asStored, type EstablishPorts, isLive, storeConnection } from './establish-connection.ts';
import { hashToken, isOneTimeToken } from './one-time-token.ts';
import type { Connection, ConnectionStore, PendingConnection } from './ports.ts';

type Ports = Pick<EstablishPorts, 'tokens' | 'clock'> & { readonly connections: ConnectionStore };

const attempts = 5;

/**
 * Makes a grant live that was held until the application had made sure of who granted it.
 *
 * The grant is stored before it is taken: whatever fails in between, the completion stays good, and
 * sending it again finds its own work done. Taking it is what makes it good for one use only.
 *
 * @param completion - the one-time value from the return URL; untrusted.
 * @param assertMay - throws when the caller may not connect this connection; nothing is consumed
 *   then.
 * @throws {Fault} `REQUEST_INVALID` when the completion is unknown, used or over;
 *   `ACCOUNT_MISMATCH`; `CONNECTION_CHANGED`; `STORE_UNAVAILABLE`, and then it may be sent again.
 */
export async function completeConnection(
  ports: Ports,
  completion: unknown,
  assertMay: (pending: PendingConnection['connection']) => void,
): Promise<{ readonly created: boolean; readonly connection: Connection }> {
  if (!isOneTimeToken(completion)) throw notPending();
  const { connections } = ports;
  const now = ports.clock.now();
  const completionHash = hashToken(completion);
  const pending = await connections.readPending(completionHash, now);
  if (!pending) throw notPending();
  assertMay(pending.connection);
  const live = await goLive(ports, pending);
  if (!(await connections.takePending(completionHash, now))) throw notPending();
  return live;
}

function notPending(): Fault<'REQUEST_INVALID'> {
  return new Fault('REQUEST_INVALID', {
    problems: ['completion is unknown, already used, or older than ten minutes'],
  });
}

async function goLive(ports: Ports, pending: PendingConnection) {
  const { connection: next } = pending;
  const { client, connection } = next;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const existing = await ports.connections.read(next);
    const old = isLive(existing) ? existing : undefined;
    const isStored = old?.fence === next.fence && old.committedFence === next.fence;
    // A later connect or disconnect than the one that is being confirmed has the last word.
    if (existing && existing.fence >= next.fence && !isStored) break;
    if (!isStored && !isStillKept(pending, old)) break;
    const isOther = old?.accountId !== undefined && next.accountId !== undefined;
    if (isOther && old.accountId !== next.accountId && !pending.allowAccountSwitch) {
      throw new Fault('ACCOUNT_MISMATCH', { client, connection });
    }
    if (await storeConnection(ports, pending, existing)) {
      return { created: old === undefined, connection: asStored(next) };
    }
  }
  throw new Fault('CONNECTION_CHANGED', { client, connection });
}

/**
 * Whether a refresh token that was kept of the old grant is still the one in force there. One that
 * was rotated, refused or revoked since is spent, and would be refused when it is next needed.
 */
function isStillKept({ keptFrom }: PendingConnection, old: Connection | undefined): boolean {
  if (keptFrom === undefined) return true;
  return old?.credentialFence === keptFrom && old.state !== 'needs_reauth';
}
