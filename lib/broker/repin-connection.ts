import type { ConnectionKey } from '../names.ts';
import type { Client } from '../providers/client.ts';
import { isLive } from './establish-connection.ts';
import { type PinnedClient, pinClient } from './pinned-client.ts';
import type { ConnectionStore } from './ports.ts';

/** What became of one connection. `busy`: others kept writing to it; ask again. */
export type Repinning = 'repinned' | 'as_pinned' | 'gone' | 'busy';

const attempts = 5;

/**
 * Confirms a registration that was changed: from now on the connection's credentials go to the
 * client id and the origins that it has now, and to no others.
 *
 * Whoever calls this says that the registration is the operator's own doing: it undoes the one
 * protection against a registration that was changed by somebody else (RFC 9700 §4.4).
 *
 * @throws {Fault} `STORE_UNAVAILABLE`, `ROW_INVALID`
 */
export async function repinConnection(
  { connections }: { readonly connections: ConnectionStore },
  key: ConnectionKey,
  client: Client,
): Promise<Repinning> {
  const now = pinClient(client);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const row = await connections.read(key);
    if (!isLive(row)) return 'gone';
    if (isPinnedTo(row, now)) return 'as_pinned';
    if ((await connections.repin(key, row.fence, now)) === 'done') return 'repinned';
  }
  return 'busy';
}

/** Whether nothing differs, not even an origin that is no longer used. */
export function isPinnedTo(pinned: PinnedClient, now: PinnedClient): boolean {
  return (
    pinned.clientId === now.clientId &&
    pinned.origins.length === now.origins.length &&
    pinned.origins.every((origin) => now.origins.includes(origin))
  );
}
