import { ListSecretsCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ConnectionDirectory } from '../broker/key-ports.ts';
import { type ClientName, isClientName } from '../names.ts';
import { epochSeconds } from '../time.ts';
import { listAddresses } from './client-index.ts';
import { dueIndex } from './due-index.ts';
import type { Table } from './row.ts';
import { calling } from './store-fault.ts';

/** Every instant that a schedule may hold is before this one. */
const endOfTime = epochSeconds(253_402_300_799);
/** The most that `DUE_SHARDS` may be: whatever it is or was, every shard is one of these. */
const mostShards = 1024;
/** How many shards are looked at side by side. */
const width = 32;
const pageSize = 1000;

/**
 * Every connection of a stage without a scan: the clients that have a registration, one that is to
 * be deleted included, and those that the index `due` names; then each one's connections from the
 * index `by_client`.
 */
export function connectionDirectory(source: {
  readonly secrets: SecretsManagerClient;
  readonly stage: string;
  readonly connections: Table;
  /** How many shards may have been in use; without it, as many as there can be. */
  readonly dueShards?: number;
}): ConnectionDirectory {
  const { dueShards = mostShards } = source;
  const table = { ...source.connections, dueShards };
  return {
    listClients: async () => {
      const registered = await listRegistered(source.secrets, source.stage);
      const scheduled = await listScheduled(dueIndex(table), dueShards);
      return [...new Set([...registered, ...scheduled])].toSorted();
    },
    listKeys: (page) => listAddresses(table, page),
  };
}

async function listRegistered(
  secrets: SecretsManagerClient,
  stage: string,
): Promise<readonly ClientName[]> {
  const prefix = `evergrant/${stage}/clients/`;
  const names: ClientName[] = [];
  let token: string | undefined;
  do {
    const answer = await calling({ store: 'secrets', operation: 'ListSecrets' }, () =>
      secrets.send(
        new ListSecretsCommand({
          Filters: [{ Key: 'name', Values: [prefix] }],
          IncludePlannedDeletion: true,
          ...(token !== undefined && { NextToken: token }),
        }),
      ),
    );
    for (const { Name: name = '' } of answer.SecretList ?? []) {
      const client = name.startsWith(prefix) ? name.slice(prefix.length) : '';
      if (isClientName(client)) names.push(client);
    }
    token = answer.NextToken;
  } while (token !== undefined);
  return names;
}

async function listScheduled(
  index: ReturnType<typeof dueIndex>,
  dueShards: number,
): Promise<ReadonlySet<ClientName>> {
  const clients = new Set<ClientName>();
  for (let first = 0; first < dueShards; first += width) {
    const shards = Array.from({ length: Math.min(width, dueShards - first) }, (_, n) => first + n);
    await Promise.all(shards.map((shard) => addClientsOf(index, shard, clients)));
  }
  return clients;
}

async function addClientsOf(
  index: ReturnType<typeof dueIndex>,
  shard: number,
  clients: Set<ClientName>,
): Promise<void> {
  let cursor: string | undefined;
  do {
    const request = { shard, now: endOfTime, limit: pageSize };
    const page = await index.listDue({ ...request, ...(cursor !== undefined && { cursor }) });
    for (const { client } of page.due) clients.add(client);
    cursor = page.cursor;
  } while (cursor !== undefined);
}
