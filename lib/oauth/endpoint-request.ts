import * as oauth from 'oauth4webapi';
import type { Client } from '../providers/client.ts';
import type { Definition } from '../providers/definition.ts';
import { fillTemplate } from '../providers/params.ts';
import type { Secret } from '../secret.ts';
import type { Clock } from '../time.ts';
import { listClientAuthentications } from './client-authentication.ts';
import { dialectFetch, type StandardFetch } from './dialect.ts';
import type { AnswerContext } from './standard-response.ts';
import type { ProviderResponse, Transport } from './transport.ts';
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

/** An endpoint that is asked about one token: for its revocation or its introspection. */
export interface TokenEndpoint<Outcome> {
  readonly kind: 'revocation_endpoint' | 'introspection_endpoint';
  /** As the definition has it. */
  readonly definition: NonNullable<Definition['revoke']>;
  /** Turns the answer into a standard one, or throws `UnusableAnswer`. */
  readonly readResponse: (response: ProviderResponse, context: AnswerContext) => Response;
  /** Asks by the protocol library, with the options that it is given. */
  readonly ask: (
    parties: ProtocolParties & { readonly authentication: oauth.ClientAuth },
    options: oauth.RevocationRequestOptions,
  ) => Promise<Outcome>;
  /** What an error of the library or of the way stands for. */
  readonly outcomeOf: (error: unknown) => Outcome | 'client_refused';
}

/**
 * Asks about one token (RFC 7009 §2.1, RFC 7662 §2.1), within `timeoutMs`, with each of the client's
 * ways to authenticate until one is not refused. Never throws for what a provider or the network
 * does.
 *
 * @returns as {@link tryEach}.
 */
export async function askAboutToken<Outcome>(
  { transport, clock }: EndpointPorts,
  client: Client,
  question: {
    readonly endpoint: TokenEndpoint<Outcome>;
    readonly token: Secret<'access_token'> | Secret<'refresh_token'>;
    readonly timeoutMs: number;
  },
) {
  const { endpoint, token, timeoutMs } = question;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  const dialect = tokenDialect(client, endpoint.definition);
  const parties = protocolParties(client, endpoint.kind, dialect.url);
  const attempt: Attempt<Outcome | 'client_refused'> = async (authentication, remainingMs) => {
    const { definition } = client;
    const context = { definition, grantType: undefined, nowMs: clock.nowMs() };
    const readResponse = (response: ProviderResponse) => endpoint.readResponse(response, context);
    const fetch = dialectFetch({ dialect, readResponse }, transport, remainingMs);
    const additionalParameters = { token_type_hint: token.kind };
    try {
      return await endpoint.ask(
        { ...parties, authentication },
        { ...throughBorder(fetch), additionalParameters },
      );
    } catch (error) {
      return endpoint.outcomeOf(error);
    }
  };
  return tryEach(
    await listClientAuthentications(client, endpoint.definition.client_authentication, clock),
    attempt,
    { clock, deadlineMs, isClientRefused: (tried) => tried === 'client_refused' },
  );
}

/** How an endpoint that is asked about one token wants its requests. */
function tokenDialect(
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
