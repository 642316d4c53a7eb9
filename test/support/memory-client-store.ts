import type { ClientName, ClientStatus, ClientStore } from '../../lib/broker/ports.ts';

/** A `ClientStore` in a `Map`. */
export function memoryClientStore(): ClientStore {
  const rows = new Map<ClientName, ClientStatus>();
  return {
    read: async (client) => rows.get(client) ?? {},
    markRefused: async (client, version, at) => {
      rows.set(client, { refusedVersion: version, refusedAt: at });
    },
    clearRefused: async (client, version) => {
      if (rows.get(client)?.refusedVersion === version) rows.delete(client);
    },
  };
}
