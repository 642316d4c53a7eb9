import { formatInstant } from './instant.ts';
import { formatMembers, formatTable } from './table.ts';

/** A connection as the interface answers it. */
export type ShownConnection = Readonly<Record<string, unknown>>;

/** One connection, a member a line. */
export function formatConnection(connection: ShownConnection): string {
  const members = Object.entries(connection).map(([name, value]) => [name, plain(name, value)]);
  return formatMembers(Object.fromEntries(members));
}

/** Many connections, one a line. */
export function formatConnections(connections: readonly ShownConnection[]): string {
  const headings = ['CONNECTION', 'STATE', 'REASON', 'TOKEN ENDS', 'NEXT REFRESH', 'FAILURES'];
  return formatTable(
    headings,
    connections.map((each) => [
      String(each.connection),
      String(each.state),
      typeof each.reason === 'string' ? each.reason : '',
      formatInstant(each.access_token_expires_at),
      formatInstant(each.next_refresh_at),
      each.failures === 0 ? '' : String(each.failures),
    ]),
  );
}

function plain(name: string, value: unknown): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'number') {
    return /(_at|^since|_since)$/.test(name) ? formatInstant(value) : String(value);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
