/**
 * The same as `evergrant/client` for callers outside Lambda, over signed HTTP:
 * `evergrant/client/http`.
 *
 * @module
 */
import { isConfidential } from './api-address.ts';
import { type Broker, type BrokerOptions, brokerOver, globalFetch } from './broker.ts';
import { InvalidRequest } from './evergrant-error.ts';
import { httpTransport } from './http-transport.ts';
import { type AwsCredentials, httpSigner } from './sign-http.ts';

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
export type { AwsCredentials } from './sign-http.ts';

export interface EvergrantOverHttpOptions extends BrokerOptions {
  /** Of the HTTP API: the output `PublicBaseUrl` of the deployment. */
  readonly baseUrl: string;
  /** Where it is deployed, such as `eu-central-1`. */
  readonly region: string;
  /** Of who may call it, or a provider of the AWS SDK's; asked before every request. */
  readonly credentials: AwsCredentials | (() => Promise<AwsCredentials>);
}

/**
 * The broker, over HTTP with Signature Version 4. Make one for the process: it keeps the tokens.
 *
 * The caller needs `execute-api:Invoke` on the API, and `vend` in the access policy.
 *
 * @throws {InvalidRequest} when `baseUrl` is no https URL.
 */
export function evergrantOverHttp(options: EvergrantOverHttpOptions): Broker {
  const { baseUrl: given, region, credentials, ...rest } = options;
  const baseUrl = URL.canParse(given) ? new URL(given) : undefined;
  if (!baseUrl || !isConfidential(baseUrl)) {
    throw new InvalidRequest('the broker', 'its baseUrl must be an https URL');
  }
  const sign = httpSigner(region, credentials);
  return brokerOver(httpTransport({ baseUrl, sign, fetch: globalFetch }), rest);
}
