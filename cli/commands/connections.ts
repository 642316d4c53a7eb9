import { createHash } from 'node:crypto';
import { type Command, Option } from 'commander';
import { type ConnectionKey, keyText, parseClientName } from '../../lib/names.ts';
import type { Action } from '../action.ts';
import { connectionPath, openApi } from '../api.ts';
import type { Ending } from '../failure.ts';
import { listConnections } from '../list-connections.ts';
import { parseAddress } from '../operands.ts';
import {
  formatConnection,
  formatConnections,
  type ShownConnection,
} from '../output/connection-text.ts';
import type { Session } from '../session.ts';
import { importConnections } from './import-connections.ts';
import { markConnectionsUncertain } from './mark-uncertain.ts';
import { revokeConnections } from './revoke-connections.ts';

/** `connections`: what was granted, seen and ended through the HTTP interface. */
export function addConnections(program: Command, action: Action): void {
  const connections = program.command('connections').description('what people have granted');
  connections
    .command('list')
    .description("a client's connections")
    .argument('<client>', 'name of the client')
    .addOption(
      new Option('--state <state>', 'only those').choices(['active', 'failing', 'needs_reauth']),
    )
    .action(action(list));
  connections
    .command('show')
    .description('the state of one connection, never its tokens')
    .argument('<client/connection>')
    .action(action(show));
  connections
    .command('refresh')
    .description('have the access token renewed now')
    .argument('<client/connection>')
    .action(action(refresh));
  connections
    .command('revoke')
    .description('end a connection here, and at the provider where it can be')
    .argument('[client/connection]')
    .option('--client <client>', 'all connections of this client')
    .option('--yes', 'really, for all of a client')
    .action(action(revokeConnections));
  connections
    .command('import')
    .description('bring tokens that were obtained elsewhere')
    .argument('[file]', 'JSON lines, or a JSON list; standard input without it')
    .option('--overwrite', 'also where there is such a connection already')
    .action(action(importConnections));
  connections
    .command('mark-uncertain')
    .description('after a restored table: treat refresh tokens as perhaps used since')
    .option('--client <client>', 'only this client; else every one that is registered')
    .action(action(markConnectionsUncertain));
}

async function list(
  session: Session,
  client: string,
  { state }: { readonly state?: string },
): Promise<undefined> {
  const api = await openApi(session);
  const found: ShownConnection[] = [];
  for await (const page of listConnections(api, { client: parseClientName(client), state })) {
    found.push(...page);
    if (session.interruption.aborted) break;
  }
  session.print.result({ connections: found }, formatConnections(found));
}

async function show(session: Session, address: string): Promise<undefined> {
  const key = parseAddress(address);
  const api = await openApi(session);
  const { body } = await api.call('GET', connectionPath(key));
  session.print.result(body, formatConnection(body));
}

/**
 * By the interface's own rules: a token that is reported as refused is renewed, unless it is younger
 * than 60 s. So this needs the rights to read and to vend, and can do no more than a caller.
 */
async function refresh(session: Session, address: string): Promise<Ending | undefined> {
  const key = parseAddress(address);
  const api = await openApi(session);
  const vend = async (rejected?: string) => {
    const request = { max_wait_seconds: 25, ...(rejected && { rejected_token_sha256: rejected }) };
    return (await api.call('POST', `${connectionPath(key)}/token`, request)).body;
  };
  const { body: before } = await api.call('GET', connectionPath(key));
  const held = await vend();
  // One that had ended was renewed by asking for it.
  const isNew = Number(held.obtained_at) > Number(before.last_refreshed_at);
  const token = isNew ? held : await vend(sha256(String(held.access_token)));
  const isRenewed = token.access_token !== held.access_token || isNew;
  const report = { ...key, refreshed: isRenewed, ...statusOf(token) };
  session.print.result(report, refreshText(key, report));
  return isRenewed ? undefined : 'later';
}

/** What is told of a vended token: everything but the token. */
function statusOf({ state, obtained_at, expires_at, warning }: Readonly<Record<string, unknown>>) {
  return { state, obtained_at, expires_at, warning };
}

const reasons: Readonly<Record<string, string>> = {
  recently_refreshed: 'its token is younger than 60 s; ask again later',
  refresh_failing: 'the refresh failed and is tried again; the log of refresh says why',
  client_refused: 'the provider refuses the client; put the right secret with clients put',
  outcome_unknown:
    'a refresh is under way or its answer was lost, so ask again later; or there is nothing to renew it with',
};

function refreshText(
  key: ConnectionKey,
  report: { readonly refreshed: boolean } & ReturnType<typeof statusOf>,
): string {
  if (report.refreshed) return `${keyText(key)} has a new token\n${formatConnection(report)}`;
  const { warning } = report;
  const code = typeof warning === 'object' && warning ? Reflect.get(warning, 'code') : undefined;
  const why = typeof code === 'string' ? reasons[code] : undefined;
  return `${keyText(key)} was not refreshed: ${why ?? 'it keeps the token that it has'}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
