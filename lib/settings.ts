/**
 * Every setting of the functions, in one table: an environment variable, its unit and its range.
 *
 * @module
 */
import { baseUrl, countBetween, list, readConfig, secondsBetween, text } from './config.ts';

const readers = {
  /** Which deployment this is; part of the names of its secrets. */
  STAGE: text,
  CONNECTIONS_TABLE: text,
  TOKENS_TABLE: text,
  SESSIONS_TABLE: text,
  REFRESH_QUEUE_URL: text,
  RECOVERY_QUEUE_URL: text,
  REVOKE_QUEUE_URL: text,
  EVENTS_DEAD_QUEUE_URL: text,
  /** The bus that events go to, by name. */
  EVENT_BUS: text,
  /** The function that refreshes, by name. */
  REFRESH_FUNCTION: text,
  /** Our own origin, as browsers and providers know it. */
  PUBLIC_BASE_URL: baseUrl,
  /** What a direct invoker may have: patterns `client/connection`, separated by commas. */
  VEND_ALLOW: list,
  /** Into how many partitions the index of due connections is spread. */
  DUE_SHARDS: countBetween(1, 1024),
  /** How many connections of one client are refreshed side by side. */
  LANES_PER_CLIENT: countBetween(1, 100),
  /** The deadline of one call to a provider while a person or a caller waits. */
  PROVIDER_TIMEOUT_SECONDS: secondsBetween(1, 25),
  /** The deadline of a refresh's call, which nobody has to wait for to its end. */
  REFRESH_PROVIDER_TIMEOUT_SECONDS: secondsBetween(1, 600),
  /** What is kept back of a lease for storing the answer. */
  STORE_WRITE_SECONDS: secondsBetween(1, 60),
  /** How long one attempt has its connection for itself. */
  LEASE_SECONDS: secondsBetween(3, 840),
  /** How long the platform lets `refresh` run. */
  REFRESH_TIMEOUT_SECONDS: secondsBetween(4, 900),
  /** How long the refresh queue hides a message that is being worked on. */
  REFRESH_VISIBILITY_SECONDS: secondsBetween(4, 43_200),
  /** Hosts of providers that may have private addresses, separated by commas. */
  ALLOWED_PROVIDER_HOSTS: list,
  /** Node's own switch; a function refuses to start with `0`. */
  NODE_TLS_REJECT_UNAUTHORIZED: (given: string): string => given,
} as const;

type Name = keyof typeof readers;

/** The settings of one function. */
export type Settings<Names extends Name> = {
  readonly [Each in Names]: ReturnType<(typeof readers)[Each]>;
};

/**
 * Reads the settings that a function names, all of them or none.
 *
 * @throws {Fault} `CONFIGURATION_INVALID` listing each that is missing or malformed.
 */
export function readSettings<Names extends Name>(
  environment: Readonly<Record<string, string | undefined>>,
  ...names: readonly Names[]
): Settings<Names> {
  const wanted = Object.fromEntries(names.map((name) => [name, readers[name]]));
  return readConfig(environment, wanted) as unknown as Settings<Names>;
}
