import { Fault } from '../fault.ts';
import type { Client } from '../providers/client.ts';
import { endpointOrigins } from '../providers/params.ts';

/** What a connection, or a flow under way, pins of its client. */
export interface PinnedClient {
  readonly clientId: string;
  readonly origins: readonly string[];
}

/** What to pin of a client now. */
export function pinClient(client: Client): PinnedClient {
  return { clientId: client.clientId, origins: endpointOrigins(client) };
}

/**
 * Makes sure that a credential goes where it came from: to the client id and the origins that were
 * in force when the connection was made (RFC 9700 §4.4).
 *
 * @throws {Fault} `CLIENT_CHANGED` naming what differs. Nothing may be sent until the registration
 *   is put back or the change is confirmed.
 */
export function assertPinned(client: Client, pinned: PinnedClient): void {
  const problems: string[] = [];
  if (client.clientId !== pinned.clientId) problems.push('client_id is not the one pinned');
  const strangers = endpointOrigins(client).filter((origin) => !pinned.origins.includes(origin));
  for (const origin of strangers) problems.push(`${origin} is not one of the origins pinned`);
  if (problems.length > 0) throw new Fault('CLIENT_CHANGED', { client: client.name, problems });
}
