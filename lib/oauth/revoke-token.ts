import * as oauth from 'oauth4webapi';
import type { ClientName } from '../names.ts';
import type { Client } from '../providers/client.ts';
import type { Secret } from '../secret.ts';
import { listClientAuthentications } from './client-authentication.ts';
import { dialectFetch } from './dialect.ts';
import {
  type Attempt,
  type EndpointPorts,
  protocolParties,
  throughBorder,
  tokenDialect,
  tryEach,
} from './endpoint-request.ts';
import { standardRevocationResponse } from './standard-response.ts';
import type { RevocationOutcome, RevokeToken } from './token-endpoint.ts';
import type { RequestDialect } from './wire-request.ts';

/** The provider refused the client: the next of its secrets is to be tried. */
type AttemptOutcome = RevocationOutcome | 'client_refused';

/**
 * The revocation endpoint of every provider that declares one (RFC 7009).
 *
 * A token that the provider does not know is revoked (§2.2). A refused client is worth another try
 * later, since it is our secret that is wrong, and not the token. Of two secrets the older is tried
 * until the newer one has worked here.
 */
export function tokenRevoker(ports: EndpointPorts): RevokeToken {
  /** Which version of a registration has a newer secret that has worked here. */
  const proven = new Map<ClientName, string>();
  const withoutOverSecret = (client: Client): Client =>
    proven.get(client.name) === client.version
      ? { ...client, secrets: client.secrets.slice(0, 1) }
      : client;
  return async (client, token, timeoutMs) => {
    const { clock } = ports;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const { revoke } = client.definition;
    if (revoke === undefined) return 'refused';
    const dialect = tokenDialect(client, revoke);
    const current = withoutOverSecret(client);
    const ending = await tryEach(
      await listClientAuthentications(current, revoke.client_authentication, clock),
      attemptWith(ports, client, { token, dialect }),
      { clock, deadlineMs, isClientRefused: (tried) => tried === 'client_refused' },
    );
    if (ending === undefined || ending.outcome === 'client_refused') return 'unavailable';
    if (ending.refused === 0 && ending.outcome === 'revoked')
      proven.set(client.name, client.version);
    return ending.outcome;
  };
}

function attemptWith(
  { transport, clock }: EndpointPorts,
  client: Client,
  request: {
    readonly token: Secret<'access_token'> | Secret<'refresh_token'>;
    readonly dialect: RequestDialect;
  },
): Attempt<AttemptOutcome> {
  const { token, dialect } = request;
  const { definition } = client;
  const { server, client: us } = protocolParties(client, 'revocation_endpoint', dialect.url);
  const context = { definition, grantType: undefined, nowMs: clock.nowMs() };
  return async (authentication, timeoutMs) => {
    const fetch = dialectFetch(
      { dialect, readResponse: (response) => standardRevocationResponse(response, context) },
      transport,
      timeoutMs,
    );
    try {
      const response = await oauth.revocationRequest(server, us, authentication, token.reveal(), {
        ...throughBorder(fetch),
        additionalParameters: { token_type_hint: token.kind },
      });
      await oauth.processRevocationResponse(response);
      return 'revoked';
    } catch (error) {
      return outcomeOf(error);
    }
  };
}

function outcomeOf(error: unknown): AttemptOutcome {
  if (!(error instanceof oauth.ResponseBodyError)) return 'unavailable';
  switch (error.error) {
    case 'invalid_client':
      return 'client_refused';
    // Not what RFC 7009 §2.2 says for a token that is dead already, but what servers say.
    case 'invalid_grant':
    case 'invalid_token':
      return 'revoked';
    case 'unsupported_token_type':
      return 'unsupported';
    default:
      return 'refused';
  }
}
