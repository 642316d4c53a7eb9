/**
 * What other Lambda functions import to have access tokens: `evergrant/client`.
 *
 * @module
 */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { type Broker, type BrokerOptions, brokerOver } from './broker.ts';
import { InvalidRequest } from './evergrant-error.ts';
import { lambdaTransport } from './lambda-transport.ts';

export type { AccessToken, Presentation, TokenFacts } from './access-token.ts';
export type { AccessTokensMiddleware, ContextConnections } from './access-tokens.ts';
export type { Broker, BrokerOptions } from './broker.ts';
export type { Connection, ConnectionOptions, TokenOptions } from './connection.ts';
export {
  AccessDenied,
  BrokerUnreachable,
  EvergrantError,
  InvalidRequest,
  ReauthorizationRequired,
  TemporarilyUnavailable,
  UnknownConnection,
  type UnreachableReason,
} from './evergrant-error.ts';

export interface EvergrantOptions extends BrokerOptions {
  /** The function `vend`, or a twin of it, by name or ARN: `evergrant-{stage}-vend`. */
  readonly functionName: string;
  /** Instead of one with the SDK's own settings for Region, endpoint and credentials. */
  readonly lambda?: LambdaClient;
}

/**
 * The broker, by direct invocation of its function. Make one outside the handler: it keeps the
 * tokens.
 *
 * The caller's role needs `lambda:InvokeFunction` on that function.
 *
 * @throws {InvalidRequest} without a function's name.
 * @example
 * const hurma = evergrant({ functionName: 'evergrant-prod-vend' }).connection('hurma-acme/ann');
 * const response = await hurma.fetch('/users');
 */
export function evergrant({ functionName, lambda, ...options }: EvergrantOptions): Broker {
  if (!functionName) throw new InvalidRequest('the broker', 'functionName is not set');
  // Repeating is done here, since the SDK does not know when it is of no use.
  const client = lambda ?? new LambdaClient({ maxAttempts: 1, requestHandler: timeLimits });
  return brokerOver(lambdaTransport(client, functionName), options);
}

/** Longer than the longest wait; each try has a limit of its own. */
const timeLimits = { connectionTimeout: 1000, requestTimeout: 30_000, throwOnRequestTimeout: true };
