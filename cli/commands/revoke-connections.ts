import { type ConnectionKey, keyText } from '../../lib/names.ts';
import { type Api, connectionPath, openApi } from '../api.ts';
import { type Ending, Failure, usageFailure } from '../failure.ts';
import { listAddresses } from '../list-connections.ts';
import { parseAddress } from '../operands.ts';
import type { Session } from '../session.ts';
import { workThrough } from '../work.ts';

interface Options {
  readonly client?: string;
  readonly yes?: true;
}

/** Gentle on the functions, and on the provider, which hears of each. */
const lanes = 4;

/** Ends one connection, or all of a client. Deleting again what is deleted does no harm. */
export async function revokeConnections(
  session: Session,
  address: string | undefined,
  { client, yes }: Options,
): Promise<Ending | undefined> {
  if ((address === undefined) === (client === undefined)) {
    throw usageFailure('say one client/connection, or --client for all of a client');
  }
  const api = await openApi(session);
  if (address !== undefined) {
    const key = parseAddress(address);
    await api.call('DELETE', connectionPath(key));
    session.print.result({ revoked: [keyText(key)] }, `${keyText(key)} is revoked`);
    return undefined;
  }
  const keys = await listAddresses(api, client ?? '');
  if (!yes && keys.length > 0) {
    throw new Failure('usage', {
      error: 'not_confirmed',
      error_description: `${keys.length} connections of ${client} would end; add --yes if that is meant`,
      connections: keys.length,
    });
  }
  return revokeAll(session, api, keys);
}

async function revokeAll(
  session: Session,
  api: Api,
  keys: readonly ConnectionKey[],
): Promise<Ending | undefined> {
  const revoked: string[] = [];
  const failed: { readonly connection: string; readonly error: string }[] = [];
  const left = await workThrough(session, {
    items: keys,
    what: 'connections',
    lanes,
    perform: async (key) => {
      try {
        await api.call('DELETE', connectionPath(key));
        revoked.push(keyText(key));
      } catch (error) {
        if (!(error instanceof Failure) || error.ending === 'denied') throw error;
        if (error.report.error === 'unknown_connection') revoked.push(keyText(key));
        else failed.push({ connection: keyText(key), error: error.report.error });
      }
    },
  });
  const lines = [
    `${revoked.length} revoked, ${failed.length} failed, ${left} not begun`,
    ...failed.map(({ connection, error }) => `${connection}: ${error}`),
    ...(left + failed.length > 0 ? ['The same command goes on with the rest.'] : []),
  ];
  session.print.result({ revoked: revoked.length, failed, left }, lines.join('\n'));
  if (left > 0) return 'interrupted';
  return failed.length > 0 ? 'failed' : undefined;
}
