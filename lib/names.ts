/**
 * The two names that address everything: a client's and a connection's.
 *
 * @module
 */
import { Fault } from './fault.ts';
import { clientNamePattern, connectionIdPattern } from './name-patterns.ts';

declare const brand: unique symbol;

/** The operator's name for one registration at a provider, such as `hurma-acme`. */
export type ClientName = string & { readonly [brand]: 'ClientName' };

/** The application's name for one connection, unique within its client, such as `ann`. */
export type ConnectionId = string & { readonly [brand]: 'ConnectionId' };

/** Addresses one connection. */
export interface ConnectionKey {
  readonly client: ClientName;
  readonly connection: ConnectionId;
}

/** Whether `text` is well formed as a client's name. */
export function isClientName(text: unknown): text is ClientName {
  return typeof text === 'string' && clientNamePattern.test(text);
}

/** Whether `text` is well formed as a connection's id. */
export function isConnectionId(text: unknown): text is ConnectionId {
  return typeof text === 'string' && connectionIdPattern.test(text);
}

/**
 * Reads a connection's address from untrusted input.
 *
 * @throws {Fault} `REQUEST_INVALID` naming each name that is missing or malformed.
 */
export function parseConnectionKey(input: {
  readonly client?: unknown;
  readonly connection?: unknown;
}): ConnectionKey {
  const { client, connection } = input;
  const problems: string[] = [];
  if (!isClientName(client)) problems.push(`client must match ${clientNamePattern.source}`);
  if (!isConnectionId(connection)) {
    problems.push(`connection must match ${connectionIdPattern.source}`);
  }
  if (!isClientName(client) || !isConnectionId(connection)) {
    throw new Fault('REQUEST_INVALID', { problems });
  }
  return { client, connection };
}

/** Reads a client's name from untrusted input. @throws {Fault} `REQUEST_INVALID` */
export function parseClientName(client: unknown): ClientName {
  if (isClientName(client)) return client;
  throw new Fault('REQUEST_INVALID', {
    problems: [`client must match ${clientNamePattern.source}`],
  });
}

/** `client/connection`: the partition key of a connection in both tables. */
export function keyText({ client, connection }: ConnectionKey): string {
  return `${client}/${connection}`;
}
