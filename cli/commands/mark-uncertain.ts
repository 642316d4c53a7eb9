import { type Marking, markUncertain } from '../../lib/broker/mark-uncertain.ts';
import { isFault } from '../../lib/fault.ts';
import { type ClientName, type ConnectionKey, keyText, parseClientName } from '../../lib/names.ts';
import type { Client } from '../../lib/providers/client.ts';
import { listClients } from '../client-secrets.ts';
import type { Ending } from '../failure.ts';
import type { Session } from '../session.ts';
import { listStoredAddresses, openStores, type Stores } from '../stores.ts';
import { workThrough } from '../work.ts';

const lanes = 16;

type Outcome = Marking | 'unreadable';

/**
 * Marks every connection whose refresh token may have been replaced since the table's backup. To be
 * run before the schedule is enabled again; running it twice does no harm.
 */
export async function markConnectionsUncertain(
  session: Session,
  { client }: { readonly client?: string },
): Promise<Ending | undefined> {
  const stores = openStores(session);
  const names =
    client === undefined
      ? (await listClients(session)).map(({ name }) => name)
      : [parseClientName(client)];
  const registered = new Map<ClientName, Client | undefined>();
  const keys: ConnectionKey[] = [];
  for (const name of names) {
    registered.set(name, await readClient(stores, name));
    keys.push(...(await listStoredAddresses(session, name)));
    session.print.note(`${keys.length} connections found, up to client ${name}`);
  }
  const outcomes = new Map<string, Outcome>();
  const left = await workThrough(session, {
    items: keys,
    what: 'connections',
    lanes,
    perform: async (key) => {
      const ports = { ...stores, clock: session.clock, random: Math.random };
      outcomes.set(keyText(key), await mark(ports, key, registered.get(key.client)));
    },
  });
  return report(session, { names, outcomes, left });
}

/** Undefined where it cannot be read: rotation is assumed then. */
async function readClient({ clients }: Stores, name: ClientName): Promise<Client | undefined> {
  try {
    return await clients.read(name);
  } catch (error) {
    if (isFault(error) && error.code !== 'STORE_UNAVAILABLE') return undefined;
    throw error;
  }
}

async function mark(
  ports: Parameters<typeof markUncertain>[0],
  key: ConnectionKey,
  client: Client | undefined,
): Promise<Outcome> {
  try {
    return await markUncertain(ports, key, client);
  } catch (error) {
    if (isFault(error) && error.code === 'ROW_INVALID') return 'unreadable';
    throw error;
  }
}

function report(
  { print }: Session,
  {
    names,
    outcomes,
    left,
  }: {
    readonly names: readonly ClientName[];
    readonly outcomes: ReadonlyMap<string, Outcome>;
    readonly left: number;
  },
): Ending | undefined {
  const those = (...wanted: readonly Outcome[]) =>
    [...outcomes].flatMap(([key, outcome]) => (wanted.includes(outcome) ? [key] : []));
  const deleted = those('deleted_since');
  const unreadable = those('unreadable');
  const busy = those('busy');
  const marked = those('marked', 'deleted_since').length;
  const untouched = those('not_rotating', 'needs_reauth', 'gone').length;
  const lines = [
    `${marked} marked, ${untouched} need no mark, ${busy.length} busy, ${unreadable.length} unreadable, ${left} not begun`,
    ...deleted.map((key) => `${key} was deleted since; evergrant connections revoke ${key}`),
    ...unreadable.map((key) => `${key} does not read back; repair its row, or delete it`),
    ...(busy.length + left > 0
      ? ['The same command does the rest; what is busy is free within a minute.']
      : []),
  ];
  print.result(
    { clients: names, marked, untouched, busy, unreadable, deleted_since: deleted, left },
    lines.join('\n'),
  );
  if (left > 0) return 'interrupted';
  if (busy.length > 0) return 'later';
  return unreadable.length > 0 ? 'found' : undefined;
}
