import { type FaultCode, isFault } from '../fault.ts';
import type { ClientName } from '../names.ts';
import type { Client } from '../providers/client.ts';
import type { ClientRegistry } from './ports.ts';

/** What a registration that was corrected meanwhile may be to blame for. */
const perhapsStale: readonly FaultCode[] = ['REQUEST_INVALID', 'CLIENT_CHANGED', 'CLIENT_REFUSED'];

/**
 * Uses a client as it is remembered; where that fails for what its registration says, and the
 * registration has been written since, once more as it is now. So a correction works at once.
 *
 * @param use - may run twice; after the first of these faults the provider has done nothing.
 * @throws {Fault} of the registry, and whatever `use` throws.
 */
export async function withCurrentClient<Result>(
  clients: ClientRegistry,
  name: ClientName,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const remembered = await clients.read(name);
  try {
    return await use(remembered);
  } catch (error) {
    if (!isFault(error) || !perhapsStale.includes(error.code)) throw error;
    const current = await clients.read(name, { fresh: true });
    if (current.version === remembered.version) throw error;
    return use(current);
  }
}
