import { isLive } from '../../lib/broker/establish-connection.ts';
import { type PinnedClient, pinClient } from '../../lib/broker/pinned-client.ts';
import { isPinnedTo, repinConnection } from '../../lib/broker/repin-connection.ts';
import { isFault } from '../../lib/fault.ts';
import { type ConnectionKey, keyText, parseClientName } from '../../lib/names.ts';
import type { Client } from '../../lib/providers/client.ts';
import type { Ending } from '../failure.ts';
import type { Session } from '../session.ts';
import { listStoredAddresses, openStores, type Stores } from '../stores.ts';
import { workThrough } from '../work.ts';

const lanes = 16;

/**
 * Confirms a registration that was changed on purpose: its connections are sent to the client id and
 * origins that it has now. Without `--yes` it says what that would change.
 */
export async function repinClient(
  session: Session,
  operand: string,
  { yes }: { readonly yes?: true },
): Promise<Ending | undefined> {
  const name = parseClientName(operand);
  const stores = openStores(session);
  const client = await stores.clients.read(name, { fresh: true });
  const { keys, pins, unreadable, left } = await findOthers(session, stores, client);
  const to = pinText(pinClient(client));
  const plan = [
    `${keys.length} connections of ${name} were made with another registration`,
    ...pins.map((pin) => `  from  ${pin}`),
    ...(keys.length > 0 ? [`  to    ${to}`] : []),
  ];
  const report = { client: name, pinned_otherwise: keys.length, from: pins, to, unreadable };
  if (yes && keys.length > 0 && left === 0) {
    for (const line of plan) session.print.note(line);
    return repinAll(session, stores, { client, keys, report });
  }
  const advice = 'Their credentials would go there from now on; add --yes if that is your doing.';
  const text = [
    ...plan,
    ...unreadableText(unreadable),
    ...(left > 0 ? [`${left} were not looked at`] : keys.length > 0 ? [advice] : []),
  ];
  session.print.result({ ...report, repinned: 0, left: left + keys.length }, text.join('\n'));
  if (left > 0) return 'interrupted';
  return keys.length + unreadable.length > 0 ? 'found' : undefined;
}

interface Others {
  readonly keys: readonly ConnectionKey[];
  /** Each way in which they are pinned. */
  readonly pins: readonly string[];
  readonly unreadable: readonly string[];
  readonly left: number;
}

/** The connections that are pinned to something else. */
async function findOthers(session: Session, stores: Stores, client: Client): Promise<Others> {
  const now = pinClient(client);
  const keys: ConnectionKey[] = [];
  const pins = new Set<string>();
  const unreadable: string[] = [];
  const left = await workThrough(session, {
    items: await listStoredAddresses(session, client.name),
    what: 'connections looked at',
    lanes,
    perform: async (key) => {
      const row = await readable(key, unreadable, () => stores.connections.read(key));
      if (!isLive(row) || isPinnedTo(row, now)) return;
      keys.push(key);
      pins.add(pinText(row));
    },
  });
  return { keys, pins: [...pins], unreadable, left };
}

async function repinAll(
  session: Session,
  stores: Stores,
  work: {
    readonly client: Client;
    readonly keys: readonly ConnectionKey[];
    readonly report: object;
  },
): Promise<Ending | undefined> {
  const { client, keys, report } = work;
  const counts = { repinned: 0, as_pinned: 0, gone: 0, busy: 0 };
  const unreadable: string[] = [];
  const left = await workThrough(session, {
    items: keys,
    what: 'connections pinned anew',
    lanes,
    perform: async (key) => {
      const outcome = await readable(key, unreadable, () => repinConnection(stores, key, client));
      if (outcome) counts[outcome] += 1;
    },
  });
  const { repinned, busy } = counts;
  const lines = [
    `${repinned} pinned anew, ${busy} busy, ${left} not begun`,
    ...unreadableText(unreadable),
    ...(busy + left > 0 ? ['The same command does the rest.'] : []),
  ];
  session.print.result({ ...report, repinned, busy, left }, lines.join('\n'));
  if (left > 0) return 'interrupted';
  if (busy > 0) return 'later';
  return unreadable.length > 0 ? 'found' : undefined;
}

/** What `use` answers; undefined, and the key noted, where the row does not read back. */
async function readable<Answer>(
  key: ConnectionKey,
  unreadable: string[],
  use: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await use();
  } catch (error) {
    if (!isFault(error) || error.code !== 'ROW_INVALID') throw error;
    unreadable.push(keyText(key));
    return undefined;
  }
}

function unreadableText(keys: readonly string[]): readonly string[] {
  return keys.map((key) => `${key} does not read back; repair its row, or delete it`);
}

function pinText({ clientId, origins }: PinnedClient): string {
  return `client_id ${clientId} at ${origins.join(', ')}`;
}
