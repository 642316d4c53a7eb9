import { type Clock, systemClock } from '../time.ts';
import { type AccessTokens, accessTokensOf } from './access-tokens.ts';
import {
  type Connection,
  type ConnectionOptions,
  connectionKeeper,
  openConnection,
  readConnectionName,
} from './connection.ts';
import type { TokenKeeper } from './token-keeper.ts';
import type { Transport } from './transport.ts';

/** What may be said of all connections of a broker. */
export interface BrokerOptions {
  /** How long a token has to live at least, 0 to 86400; default 60. */
  readonly minTtlSeconds?: number;
  /** How long the broker may wait for a refresh, 0 to 25; default 10. */
  readonly maxWaitSeconds?: number;
  /** How long a token is kept at most; without it, as long as it lives. */
  readonly maxCacheSeconds?: number;
  /** What calls APIs, instead of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Where tokens come from. Its functions may be taken apart: none needs `this`. */
export interface Broker {
  /**
   * One connection. All of one name, from one broker, share their tokens.
   *
   * @param name - `client/connection`, such as `hurma-acme/ann`.
   * @throws {InvalidRequest} when it is none.
   */
  readonly connection: (name: string, options?: ConnectionOptions) => Connection;
  /** A middleware for middy; see {@link AccessTokens}. */
  readonly accessTokens: AccessTokens;
}

/** What tests have otherwise. */
export interface BrokerWorld {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** Tokens of so many connections are kept; those that were not asked for longest go first. */
const mostKeepers = 1000;

/** By name at each call, so that whatever replaces the global one later is heeded. */
export const globalFetch: typeof fetch = (input, init) => fetch(input, init);

export function brokerOver(
  transport: Transport,
  options: BrokerOptions,
  { clock, random }: BrokerWorld = { clock: systemClock, random: Math.random },
): Broker {
  const ports = {
    transport,
    clock,
    random,
    fetch: options.fetch ?? globalFetch,
    minTtlSeconds: options.minTtlSeconds ?? 60,
    maxWaitSeconds: options.maxWaitSeconds ?? 10,
    maxCacheSeconds: options.maxCacheSeconds ?? Number.POSITIVE_INFINITY,
  };
  const keepers = new Map<string, TokenKeeper>();
  const keeperOf = (name: string): TokenKeeper => {
    const keeper = keepers.get(name) ?? connectionKeeper(ports, name);
    keepers.delete(name);
    keepers.set(name, keeper);
    const [oldest] = keepers.keys();
    if (keepers.size > mostKeepers && oldest !== undefined) keepers.delete(oldest);
    return keeper;
  };
  const connection: Broker['connection'] = (name, { apiBaseUrl } = {}) => {
    readConnectionName(name);
    return openConnection(ports, name, { keeper: () => keeperOf(name), apiBaseUrl });
  };
  return { connection, accessTokens: accessTokensOf(connection) };
}
