import type { ClientStatus, ClientStore } from '../../lib/broker/client-ports.ts';
import type { ClientName } from '../../lib/broker/ports.ts';
import type { EpochSeconds } from '../../lib/time.ts';
import { without } from './without.ts';

interface RefusedGrants {
  readonly since: EpochSeconds;
  readonly count: number;
  readonly before: number;
}

export interface MemoryClientStore extends ClientStore {
  /** Writes into a row what no use case writes. */
  readonly put: (client: ClientName, status: ClientStatus) => void;
}

/** A `ClientStore` in a `Map`. */
export function memoryClientStore(): MemoryClientStore {
  const rows = new Map<ClientName, ClientStatus>();
  const refusedGrants = new Map<ClientName, RefusedGrants>();
  const statusOf = (client: ClientName): ClientStatus => rows.get(client) ?? {};
  const put = (client: ClientName, status: ClientStatus) => {
    rows.set(client, { ...statusOf(client), ...status });
  };
  return {
    put,
    read: async (client) => statusOf(client),
    markRefused: async (client, version, at) => {
      put(client, { refusedVersion: version, refusedAt: at });
    },
    clearRefused: async (client, version) => {
      if (statusOf(client).refusedVersion !== version) return;
      rows.set(client, without(statusOf(client), 'refusedVersion', 'refusedAt'));
    },
    markChanged: async (client, version, at) => {
      if (statusOf(client).changedVersion === version) return;
      put(client, { changedVersion: version, changedAt: at });
    },
    countTrouble: async (client, calledAt) => {
      const { openUntil, troubles = 0 } = statusOf(client);
      if (openUntil !== undefined && openUntil > calledAt) return undefined;
      put(client, { troubles: troubles + 1 });
      return troubles + 1;
    },
    openBreaker: async (client, openUntil) => {
      rows.set(client, { ...without(statusOf(client), 'probeUntil'), openUntil });
    },
    takeProbe: async (client, { now, until }) => {
      const { openUntil, probeUntil = 0 } = statusOf(client);
      if (openUntil === undefined || openUntil > now || probeUntil > now) return 'lost';
      put(client, { probeUntil: until });
      return 'done';
    },
    closeBreaker: async (client) => {
      rows.set(client, without(statusOf(client), 'troubles', 'openUntil', 'probeUntil'));
    },
    countRefusedGrant: async (client, { at, windowSeconds }) => {
      const counted = refusedGrants.get(client);
      const isCurrent = counted !== undefined && counted.since > at - windowSeconds;
      const isRightBefore = counted !== undefined && counted.since > at - 2 * windowSeconds;
      const next = isCurrent
        ? { ...counted, count: counted.count + 1 }
        : { since: at, count: 1, before: isRightBefore ? counted.count : 0 };
      refusedGrants.set(client, next);
      return Math.max(next.count, next.before);
    },
    markProven: async (client, provenVersion) => {
      put(client, { provenVersion });
    },
  };
}
