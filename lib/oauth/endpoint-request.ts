import * as oauth from 'oauth4webapi';
import type { Client } from '../providers/client.ts';
import type { Definition } from '../providers/definition.ts';
import { fillTemplate } from '../providers/params.ts';
import type { Clock } from '../time.ts';
import type { StandardFetch } from './dialect.ts';
import type { Transport } from './transport.ts';
import type { RequestDialect } from './wire-request.ts';

/** What requests to a provider's endpoints need of the world. */
export interface EndpointPorts {
  readonly transport: Transport;
  readonly clock: Clock;
}

/** The provider and our registration there, in the protocol library's terms. */
export interface ProtocolParties {
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
}

/**
 * Names the parties of a request.
 *
 * The issuer, which becomes the audience of a signed assertion, is the declared one or, as RFC 7523
 * §3 allows, the endpoint itself.
 */
export function protocolParties(
  client: Client,
  endpoint: 'token_endpoint' | 'revocation_endpoint' | 'introspection_endpoint',
  url: string,
): ProtocolParties {
  const declared = client.definition.authorize?.issuer;
  const issuer = declared === undefined ? url : fillTemplate(client, {}, declared);
  return { server: { issuer, [endpoint]: url }, client: { client_id: client.clientId } };
}

/** How an endpoint that is asked about one token wants its requests. */
export function tokenDialect(
  client: Client,
  { url, parameters_in, names }: NonNullable<Definition['revoke']>,
): RequestDialect {
  return {
    url: fillTemplate(client, {}, url),
    method: 'POST',
    parametersIn: parameters_in,
    names,
    params: {},
    headers: {},
  };
}

/** Has the library send through the border. Which protocols are safe is for the transport to say. */
export function throughBorder(fetch: StandardFetch) {
  return { [oauth.customFetch]: fetch, [oauth.allowInsecureRequests]: true } as const;
}

/** An attempt with one of the client's ways to authenticate, within `timeoutMs`. */
export type Attempt<Outcome> = (
  authentication: oauth.ClientAuth,
  timeoutMs: number,
) => Promise<Outcome>;

/**
 * Tries the client's ways to authenticate, in one deadline, as long as the provider refuses the
 * client: so a client secret can be exchanged for another without an outage.
 *
 * @param options.isClientRefused - whether the next one is to be tried.
 * @returns the last attempt's outcome, and how many were refused before it; undefined when no time
 *   was left for a further one.
 */
export async function tryEach<Outcome>(
  authentications: readonly oauth.ClientAuth[],
  attempt: Attempt<Outcome>,
  options: {
    readonly clock: Clock;
    readonly deadlineMs: number;
    readonly isClientRefused: (outcome: Outcome) => boolean;
  },
): Promise<{ readonly outcome: Outcome; readonly refused: number } | undefined> {
  let last: { readonly outcome: Outcome; readonly refused: number } | undefined;
  for (const [refused, authentication] of authentications.entries()) {
    const remainingMs = options.deadlineMs - options.clock.monotonicMs();
    if (last !== undefined && remainingMs <= 0) return undefined;
    last = { outcome: await attempt(authentication, remainingMs), refused };
    if (!options.isClientRefused(last.outcome)) return last;
  }
  return last;
}
