import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { ClientStatus, ClientStore } from '../broker/ports.ts';
import { compare, updateInput } from './expression.ts';
import { instant, text, withoutUndefined } from './members.ts';
import { parseRow, readItem, type Table, writing } from './row.ts';
import { calling } from './store-fault.ts';

const store = 'clients';

/** The clients' own rows, in the connections' table under the client's name alone. */
export function dynamodbClientStore(table: Table): ClientStore {
  return {
    read: async (client) => {
      const call = { store, operation: 'read', consistent: true };
      const item = await readItem(table, client, call);
      if (!item) return {};
      return parseRow(table.name, item, (members) =>
        withoutUndefined<ClientStatus>({
          refusedVersion: members.optional('refused_version', text),
          refusedAt: members.optional('refused_at', instant),
          provenVersion: members.optional('proven_version', text),
        }),
      );
    },

    markRefused: async (client, version, at) => {
      const input = updateInput(table.name, client, {
        change: { set: { refused_version: version, refused_at: at } },
      });
      await calling({ store, operation: 'markRefused' }, () =>
        table.client.send(new UpdateItemCommand(input)),
      );
    },

    clearRefused: async (client, version) => {
      const input = updateInput(table.name, client, {
        change: { set: { refused_version: undefined, refused_at: undefined } },
        condition: compare('refused_version', 'is', version),
      });
      await writing({ store, operation: 'clearRefused' }, () =>
        table.client.send(new UpdateItemCommand(input)),
      );
    },

    markProven: async (client, version) => {
      const input = updateInput(table.name, client, {
        change: { set: { proven_version: version } },
      });
      await calling({ store, operation: 'markProven' }, () =>
        table.client.send(new UpdateItemCommand(input)),
      );
    },
  };
}
