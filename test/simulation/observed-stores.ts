import type { Connection, StoredToken, TokenStore, Tombstone } from '../../lib/broker/ports.ts';
import { keyText } from '../../lib/names.ts';
import { listDue } from '../support/connection-listing.ts';
import type { MemoryConnectionStore } from '../support/memory-connection-store.ts';
import type { MemoryTokenStore } from '../support/memory-token-store.ts';
import type { Timeline } from './timeline.ts';
import type { Weather } from './weather.ts';

/** One row that a call of a store changed. */
export interface Change<Row> {
  readonly method: string;
  readonly key: string;
  readonly before: Row | undefined;
  readonly after: Row | undefined;
}

export type ConnectionChange = Change<Connection | Tombstone>;
export type TokenChange = Change<StoredToken | Tombstone>;

/** How long after a write an eventually consistent read may miss it. */
export const staleMs = 2000;

/** A store each of whose changes is shown to an observer at the moment it is made. */
export function observed<Row, Store extends { readonly rows: ReadonlyMap<string, Row> }>(
  store: Store,
  observe: (change: Change<Row>) => void,
): Store {
  return new Proxy(store, {
    get: (target, member) => {
      const method: unknown = Reflect.get(target, member);
      if (typeof method !== 'function') return method;
      return (...args: readonly unknown[]) => {
        const before = new Map(target.rows);
        // A store in memory makes its change at once, before its promise is waited for.
        const result: unknown = method.apply(target, args);
        for (const [key, after] of target.rows) {
          const was = before.get(key);
          if (was !== after) observe({ method: String(member), key, before: was, after });
        }
        return result;
      };
    },
  });
}

/** @returns the connections, with an index `due` that may show what was there a run ago. */
export function withStaleIndex(
  store: MemoryConnectionStore,
  dueShards: number,
  weather: Weather,
): MemoryConnectionStore {
  let past = [...store.rows.values()];
  return {
    ...store,
    listDue: async (input) => {
      const seen = weather.isStale() ? past : [...store.rows.values()];
      past = [...store.rows.values()];
      return listDue(seen, { ...input, dueShards });
    },
  };
}

/** @returns the tokens, whose eventually consistent reads may miss a write of a moment ago. */
export function withStaleReads(
  store: MemoryTokenStore,
  { timeline, weather }: { readonly timeline: Timeline; readonly weather: Weather },
): TokenStore & { readonly remember: (change: TokenChange) => void } {
  const past = new Map<string, { readonly row: TokenChange['before']; readonly atMs: number }>();
  return {
    ...store,
    remember: ({ key, before }) => {
      past.set(key, { row: before, atMs: timeline.elapsedMs() });
    },
    read: async (key, consistent) => {
      const old = past.get(keyText(key));
      const isRecent = old !== undefined && timeline.elapsedMs() - old.atMs < staleMs;
      if (!consistent && isRecent && weather.isStale()) return old.row;
      return store.read(key, consistent);
    },
  };
}
