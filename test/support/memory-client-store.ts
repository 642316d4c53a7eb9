import type { ClientName, ClientStatus, ClientStore } from '../../lib/broker/ports.ts';
import { without } from './without.ts';

/** A `ClientStore` in a `Map`. */
export function memoryClientStore(): ClientStore {
  const rows = new Map<ClientName, ClientStatus>();
  return {
    read: async (client) => rows.get(client) ?? {},
    markRefused: async (client, version, at) => {
      rows.set(client, { ...rows.get(client), refusedVersion: version, refusedAt: at });
    },
    clearRefused: async (client, version) => {
      const row = rows.get(client);
      if (row?.refusedVersion !== version) return;
      rows.set(client, without(row, 'refusedVersion', 'refusedAt'));
    },
    markProven: async (client, version) => {
      rows.set(client, { ...rows.get(client), provenVersion: version });
    },
  };
}
