import { createHash } from 'node:crypto';
import { clientNamePattern, connectionIdPattern } from '../name-patterns.ts';
import type { AccessToken } from './access-token.ts';
import { fetchFromApi } from './api-fetch.ts';
import { type AskPorts, askBroker } from './ask-broker.ts';
import { InvalidRequest } from './evergrant-error.ts';
import type { Wanted } from './kept-token.ts';
import { type TokenKeeper, tokenKeeper } from './token-keeper.ts';

/** What a token is asked for with. */
export interface TokenOptions {
  /** How long it has to live at least, 0 to 86400. Of a short-lived token, half its life is enough. */
  readonly minTtlSeconds?: number;
  /** How long the broker may wait for a refresh, 0 to 25. */
  readonly maxWaitSeconds?: number;
  /** A token that the API refused: the broker gets a new one, unless there is one already. */
  readonly rejected?: AccessToken;
  /** Ends the wait; what was asked goes on for others who wait. */
  readonly signal?: AbortSignal;
}

/** What may be said of one connection. */
export interface ConnectionOptions {
  /** Where its API is, instead of what the broker says. */
  readonly apiBaseUrl?: string;
}

/** One connection of the broker, and the API that it opens. */
export interface Connection {
  /** `client/connection`. */
  readonly name: string;
  /**
   * An access token that lives, from memory where that will do.
   *
   * While the broker is down, a token at hand that still lives is the answer, even if it lives
   * shorter than asked for.
   *
   * @throws {BrokerUnreachable | TemporarilyUnavailable | ReauthorizationRequired | AccessDenied |
   *   UnknownConnection | InvalidRequest}
   */
  readonly token: (options?: TokenOptions) => Promise<AccessToken>;
  /**
   * `fetch` with the token where the provider wants it.
   *
   * A 401 is reported to the broker, and the request sent once more with the token that it gives,
   * unless its body was a stream. A 401 that comes back is the API's word on the current token.
   * Redirects to another origin are followed without the token, and only by GET or HEAD; one that
   * cannot be followed safely is the answer itself.
   *
   * @param input - a path and query below the API's base URL, or a URL of its origin.
   * @throws as `token`, and what `fetch` throws. `InvalidRequest` for a URL of another origin.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
}

export interface ConnectionPorts extends AskPorts {
  readonly fetch: typeof globalThis.fetch;
  readonly maxCacheSeconds: number;
  readonly minTtlSeconds: number;
  readonly maxWaitSeconds: number;
}

/** @throws {InvalidRequest} when `name` is no `client/connection`. */
export function readConnectionName(name: string): {
  readonly client: string;
  readonly connection: string;
} {
  const [client = '', connection = '', ...more] = String(name).split('/');
  if (more.length === 0 && clientNamePattern.test(client) && connectionIdPattern.test(connection)) {
    return { client, connection };
  }
  throw new InvalidRequest('a connection', 'its name must be client/connection');
}

/** Keeps the tokens of one connection. */
export function connectionKeeper(ports: ConnectionPorts, name: string): TokenKeeper {
  const key = readConnectionName(name);
  return tokenKeeper({
    ...ports,
    ask: ({ minTtlSeconds, maxWaitSeconds, rejected }, patience) => {
      const request = { ...key, minTtlSeconds, maxWaitSeconds };
      const report = rejected && { rejectedTokenSha256: sha256(rejected) };
      return askBroker(ports, { ...request, ...report }, patience);
    },
  });
}

/** @param keeper - of the connection of that name, at this moment. */
export function openConnection(
  ports: ConnectionPorts,
  name: string,
  {
    keeper,
    apiBaseUrl,
  }: { readonly keeper: () => TokenKeeper; readonly apiBaseUrl: string | undefined },
): Connection {
  const token = async (options: TokenOptions = {}) => {
    const { signal } = options;
    signal?.throwIfAborted();
    return unlessAborted(keeper().take(readWanted(ports, name, options)), signal);
  };
  return {
    name,
    token,
    fetch: (input, init = {}) =>
      fetchFromApi({ name, token, fetch: ports.fetch, apiBaseUrl }, input, init),
  };
}

function readWanted(ports: ConnectionPorts, name: string, options: TokenOptions): Wanted {
  const { minTtlSeconds = ports.minTtlSeconds, maxWaitSeconds = ports.maxWaitSeconds } = options;
  const isWithin = (value: number, most: number) =>
    Number.isInteger(value) && value >= 0 && value <= most;
  if (isWithin(minTtlSeconds, 86_400) && isWithin(maxWaitSeconds, 25)) {
    return { minTtlSeconds, maxWaitSeconds, rejected: options.rejected };
  }
  const ranges = 'minTtlSeconds is 0 to 86400 and maxWaitSeconds 0 to 25, in whole seconds';
  throw new InvalidRequest(name, ranges);
}

function sha256(token: AccessToken): string {
  return createHash('sha256').update(token.reveal()).digest('hex');
}

/** @throws the signal's reason, once it is aborted. */
async function unlessAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (!signal) return promise;
  let stopListening = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    stopListening = () => signal.removeEventListener('abort', abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stopListening();
  }
}
