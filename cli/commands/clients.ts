import type { Command } from 'commander';
import { pinClient } from '../../lib/broker/pinned-client.ts';
import { isPinnedTo } from '../../lib/broker/repin-connection.ts';
import { Fault, isFault } from '../../lib/fault.ts';
import { type ClientName, parseClientName } from '../../lib/names.ts';
import type { Client } from '../../lib/providers/client.ts';
import { resolveClient } from '../../lib/providers/resolve-client.ts';
import type { Action } from '../action.ts';
import { findHosts, findPins, findTrouble, findUnset } from '../check-client.ts';
import { listClients, readClientSecret, writeClientSecret } from '../client-secrets.ts';
import { readAllowedHosts, readRedirectUri } from '../deployed-function.ts';
import { type Ending, Failure } from '../failure.ts';
import { parseJson, readInput } from '../input.ts';
import { formatFindings } from '../output/findings.ts';
import { formatInstant } from '../output/instant.ts';
import { formatMembers, formatTable } from '../output/table.ts';
import type { Session } from '../session.ts';
import { showClient } from '../shown-client.ts';
import { openStores } from '../stores.ts';
import { setClientLanes } from './client-lanes.ts';
import { repinClient } from './repin-client.ts';

/** `clients`: our registrations at providers, in Secrets Manager. */
export function addClients(program: Command, action: Action): void {
  const clients = program.command('clients').description('our registrations at providers');
  clients.command('list').description('the registrations there are').action(action(list));
  clients
    .command('put')
    .description('store a registration; nothing is stored unless it is valid')
    .argument('<client>')
    .argument('[file]', 'JSON; standard input without it')
    .option('--kms-key <key>', 'for a new one: what encrypts it, as deployed with kmsKeyArn')
    .action(action(put));
  clients
    .command('show')
    .description('a registration without its secrets, and the redirect URI for the vendor')
    .argument('<client>')
    .action(action(show));
  clients
    .command('check')
    .description('whether a registration can work, and what it leaves unset')
    .argument('<client>')
    .action(action(check));
  clients
    .command('lanes')
    .description('how many of its connections are refreshed side by side')
    .argument('<client>')
    .argument('[lanes]', '1 to 100, or `default`: what is deployed for all')
    .action(action(setClientLanes));
  clients
    .command('repin')
    .description('confirm that a registration was changed on purpose')
    .argument('<client>')
    .option('--yes', 'really; without it the command says what it would do')
    .action(action(repinClient));
}

async function list(session: Session): Promise<undefined> {
  const clients = await listClients(session);
  const rows = clients.map(({ name, changedAt }) => [name, formatInstant(changedAt)]);
  session.print.result(
    { clients: clients.map(({ name, changedAt }) => ({ client: name, changed_at: changedAt })) },
    formatTable(['CLIENT', 'CHANGED'], rows),
  );
}

async function put(
  session: Session,
  operand: string,
  file: string | undefined,
  { kmsKey }: { readonly kmsKey?: string },
): Promise<undefined> {
  const name = parseClientName(operand);
  const text = (await readInput(file, session.input)).trim();
  const next = parseNew(name, text);
  const stored = await readClientSecret(session, name);
  const isSame = stored?.text === text;
  // Secrets Manager keeps a hundred versions, and is not made for a write a minute.
  if (!isSame) await writeClientSecret(session, name, { text, isNew: !stored, kmsKey });
  const isMoved = stored !== undefined && !isSame && hasMoved(name, stored.text, next);
  const redirectUri = await readRedirectUri(session, name);
  const outcome = isSame ? 'unchanged' : stored ? 'changed' : 'created';
  const lines = [
    `${name} is ${outcome}; it is used within five minutes, and at once where the old one is refused`,
    ...(redirectUri
      ? [`Redirect URI to register at ${next.definition.title}: ${redirectUri}`]
      : []),
    ...(isMoved
      ? [
          'client_id or an origin is another one: connections made before are sent nothing until',
          `evergrant clients repin ${name}`,
        ]
      : []),
  ];
  const report = { client: name, outcome, repin_needed: isMoved, redirect_uri: redirectUri };
  session.print.result(report, lines.join('\n'));
}

/** @throws {Failure} `usage`: what is wrong is the file, not what is stored. */
function parseNew(name: ClientName, text: string): Client {
  try {
    return resolveClient(name, text, 'new');
  } catch (error) {
    if (!isFault(error) || error.code !== 'REGISTRATION_INVALID') throw error;
    throw new Failure('usage', {
      error: 'registration_invalid',
      error_description: 'nothing was stored: the registration is not valid',
      problems: error.context.problems,
    });
  }
}

function hasMoved(name: ClientName, storedText: string, next: Client): boolean {
  try {
    return !isPinnedTo(pinClient(resolveClient(name, storedText, 'old')), pinClient(next));
  } catch (error) {
    // One that was not valid had no connections made with it.
    if (isFault(error)) return false;
    throw error;
  }
}

async function show(session: Session, operand: string): Promise<undefined> {
  const name = parseClientName(operand);
  const { client, written } = await readClient(session, name);
  const shown = showClient(client, written, await readRedirectUri(session, name));
  const members = Object.entries(shown).map(([member, value]) => [
    member,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  session.print.result(shown, formatMembers(Object.fromEntries(members)));
}

async function readClient(session: Session, name: ClientName) {
  const secret = await readClientSecret(session, name);
  if (!secret) throw new Fault('UNKNOWN_CLIENT', { client: name });
  const client = resolveClient(name, secret.text, secret.version);
  return { client, written: parseJson(secret.text, 'the secret') as never };
}

async function check(session: Session, operand: string): Promise<Ending | undefined> {
  const name = parseClientName(operand);
  const { client } = await readClient(session, name);
  const stores = openStores(session);
  const policy = {
    allowLoopbackHttp: session.stage() === 'local',
    allowedPrivateHosts: await readAllowedHosts(session),
  };
  const findings = [
    ...(await findHosts(client, policy)),
    ...(await findTrouble(stores, client)),
    ...(await findPins(stores, client)),
    ...findUnset(client),
  ];
  const isWrong = findings.some(({ level }) => level === 'wrong');
  const verdict = isWrong ? 'has something wrong' : 'is valid, and its hosts resolve';
  const text = [`${name} (${client.definition.title}) ${verdict}`, formatFindings(findings)];
  session.print.result({ client: name, valid: !isWrong, findings }, text.join('\n').trimEnd());
  return isWrong ? 'found' : undefined;
}
