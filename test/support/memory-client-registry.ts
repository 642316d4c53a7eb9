import type { ClientName, ClientRegistry } from '../../lib/broker/ports.ts';
import { Fault } from '../../lib/fault.ts';
import type { Client } from '../../lib/providers/client.ts';

/** A `ClientRegistry` that has what it was given, and remembers nothing of what it had before. */
export interface MemoryClientRegistry extends ClientRegistry {
  readonly put: (client: Client) => void;
  readonly remove: (client: ClientName) => void;
}

export function memoryClientRegistry(...clients: readonly Client[]): MemoryClientRegistry {
  const registered = new Map(clients.map((client) => [client.name, client]));
  return {
    put: (client) => {
      registered.set(client.name, client);
    },
    remove: (client) => {
      registered.delete(client);
    },
    read: async (name) => {
      const client = registered.get(name);
      if (!client) throw new Fault('UNKNOWN_CLIENT', { client: name });
      return client;
    },
  };
}
