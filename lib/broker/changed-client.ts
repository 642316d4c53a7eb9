import { type AnyFault, isFault } from '../fault.ts';
import type { ClientName } from '../names.ts';
import type { ClientStatus } from './client-ports.ts';
import type { RefreshPorts } from './refresh-replies.ts';

/**
 * Notes in the client's own row that its registration no longer matches what a connection had
 * pinned: the change of that row is what tells it. Each version of the registration is noted once.
 *
 * @param fault - why a refresh was held back; another one than `CLIENT_CHANGED` is left.
 * @param status - the client's, as it was read for that refresh; undefined: it could not be.
 */
export async function noteChangedClient(
  { clients, clientStatus, clock, log }: RefreshPorts,
  client: ClientName,
  { fault, status }: { readonly fault: AnyFault; readonly status: ClientStatus | undefined },
): Promise<void> {
  if (fault.code !== 'CLIENT_CHANGED' || !status) return;
  try {
    const { version } = await clients.read(client);
    if (version === status.changedVersion) return;
    await clientStatus.markChanged(client, version, clock.now());
  } catch (error) {
    // The next refresh of any of its connections notes it.
    if (!isFault(error)) throw error;
    log.warn('client_change_not_noted', { client, code: error.code, context: error.context });
  }
}
