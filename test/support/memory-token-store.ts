import type { StoredToken, TokenStore, Tombstone } from '../../lib/broker/ports.ts';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import { without } from './without.ts';

type Row = StoredToken | Tombstone;

/** A `TokenStore` in a `Map`: as strict as the port asks, and nothing else. */
export interface MemoryTokenStore extends TokenStore {
  /** Everything in it, for a test to look at. */
  readonly rows: ReadonlyMap<string, Row>;
  /** Puts a row there as it is, whatever was there before. */
  readonly put: (row: Row) => void;
}

export function memoryTokenStore(...tokens: readonly StoredToken[]): MemoryTokenStore {
  const rows = new Map<string, Row>();
  const put = (row: Row) => {
    rows.set(keyText(row), row);
  };
  for (const token of tokens) put(token);

  const replaceOlder = (row: Row) => {
    const current = rows.get(keyText(row));
    if (current && current.fence >= row.fence) return 'lost';
    put(row);
    return 'done';
  };
  const change = (key: ConnectionKey, next: (row: StoredToken) => StoredToken | undefined) => {
    const row = rows.get(keyText(key));
    const changed = row && row.state !== 'revoked' ? next(row) : undefined;
    if (!changed) return 'lost';
    put(changed);
    return 'done';
  };

  return {
    rows,
    put,
    read: async (key) => rows.get(keyText(key)),
    publish: async (token) =>
      replaceOlder(without(token, 'refreshClaimedUntil', 'refreshClaimedBy')),
    remove: async (tombstone) => replaceOlder(tombstone),

    note: async (key, fence, status) =>
      change(key, (row) =>
        row.fence <= fence
          ? { ...without(row, 'reason', 'since', 'warning', 'retryAt'), ...status }
          : undefined,
      ),

    claim: async (key, fence, { by, until, now }) =>
      change(key, (row) => {
        const isClaimable = (row.refreshClaimedUntil ?? 0) <= now || row.refreshClaimedBy === by;
        return row.fence === fence && isClaimable
          ? { ...row, refreshClaimedUntil: until, refreshClaimedBy: by }
          : undefined;
      }),
  };
}
