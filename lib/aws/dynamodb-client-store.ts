import type { ClientStore } from '../broker/client-ports.ts';
import type { ClientName } from '../broker/ports.ts';
import { Fault } from '../fault.ts';
import { type EpochSeconds, earlier, type Seconds } from '../time.ts';
import { changeClientRow, readClientRow, updateClientRow } from './client-row.ts';
import { told } from './connection-table.ts';
import { absent, allOf, anyOf, compare } from './expression.ts';
import type { Table } from './row.ts';

/** How often a count is tried again when others count at the same moment. */
const countTries = 5;

/** The clients' own rows, in the connections' table under the client's name alone. */
export function dynamodbClientStore(table: Table): ClientStore {
  return {
    read: async (client) => {
      const {
        refusedGrantsSince: _since,
        refusedGrants: _now,
        refusedGrantsBefore: _before,
        ...status
      } = await readClientRow(table, client);
      return status;
    },

    markRefused: async (client, version, at) => {
      const change = { set: { refused_version: version, refused_at: at }, add: told };
      await updateClientRow(table, client, { operation: 'markRefused', change });
    },

    clearRefused: async (client, version) => {
      await updateClientRow(table, client, {
        operation: 'clearRefused',
        change: { set: { refused_version: undefined, refused_at: undefined } },
        condition: compare('refused_version', 'is', version),
      });
    },

    markChanged: async (client, version, at) => {
      await updateClientRow(table, client, {
        operation: 'markChanged',
        change: { set: { changed_version: version, changed_at: at }, add: told },
        condition: anyOf(absent('changed_version'), compare('changed_version', 'isNot', version)),
      });
    },

    markProven: async (client, version) => {
      const change = { set: { proven_version: version } };
      await updateClientRow(table, client, { operation: 'markProven', change });
    },

    ...breaker(table),

    countRefusedGrant: (client, { at, windowSeconds }) =>
      countRefusedGrant(table, client, { at, windowSeconds }),
  };
}

/**
 * ```text
 *   closed     troubles 0..n
 *     | countTrouble reaches the limit, openBreaker
 *   open       until open_until
 *     | takeProbe, by one
 *   half-open  until probe_until
 *     +- closeBreaker   the provider answers
 *     +- openBreaker    it does not, for longer
 *     +- silence        another takes the probe
 * ```
 */
function breaker(
  table: Table,
): Pick<ClientStore, 'countTrouble' | 'openBreaker' | 'takeProbe' | 'closeBreaker'> {
  return {
    countTrouble: async (client, calledAt) => {
      const row = await changeClientRow(table, client, {
        operation: 'countTrouble',
        change: { set: {}, add: { troubles: 1 } },
        condition: anyOf(absent('open_until'), compare('open_until', 'atMost', calledAt)),
      });
      return row?.troubles;
    },

    openBreaker: async (client, until) => {
      const change = { set: { open_until: until, probe_until: undefined } };
      await updateClientRow(table, client, { operation: 'openBreaker', change });
    },

    takeProbe: (client, { now, until }) =>
      updateClientRow(table, client, {
        operation: 'takeProbe',
        change: { set: { probe_until: until } },
        condition: allOf(
          compare('open_until', 'atMost', now),
          anyOf(absent('probe_until'), compare('probe_until', 'atMost', now)),
        ),
      }),

    closeBreaker: async (client) => {
      const change = {
        set: { troubles: undefined, open_until: undefined, probe_until: undefined },
      };
      await updateClientRow(table, client, { operation: 'closeBreaker', change });
    },
  };
}

/** Counts in the present window, or begins the next one and remembers the count of this one. */
async function countRefusedGrant(
  table: Table,
  client: ClientName,
  { at, windowSeconds }: { readonly at: EpochSeconds; readonly windowSeconds: Seconds },
): Promise<number> {
  for (let tries = 0; tries < countTries; tries += 1) {
    const counted = await changeClientRow(table, client, {
      operation: 'countRefusedGrant',
      change: { set: {}, add: { refused_grants: 1 } },
      condition: compare('refused_grants_since', 'moreThan', earlier(at, windowSeconds)),
    });
    if (counted) return Math.max(counted.refusedGrants ?? 0, counted.refusedGrantsBefore ?? 0);
    const { refusedGrantsSince: since, refusedGrants = 0 } = await readClientRow(table, client);
    // Another has begun it meanwhile.
    if (since !== undefined && since > at - windowSeconds) continue;
    const isRightBefore = since !== undefined && since > at - 2 * windowSeconds;
    const before = isRightBefore ? refusedGrants : 0;
    const begun = await updateClientRow(table, client, {
      operation: 'countRefusedGrant',
      change: {
        set: { refused_grants_since: at, refused_grants: 1, refused_grants_before: before },
      },
      condition:
        since === undefined
          ? absent('refused_grants_since')
          : compare('refused_grants_since', 'is', since),
    });
    if (begun === 'done') return Math.max(1, before);
  }
  throw new Fault('STORE_UNAVAILABLE', {
    store: 'clients',
    operation: 'countRefusedGrant',
    reason: 'contention',
  });
}
