import * as oauth from 'oauth4webapi';
import type { ClientName } from '../names.ts';
import type { Client } from '../providers/client.ts';
import { askAboutToken, type EndpointPorts } from './endpoint-request.ts';
import { standardRevocationResponse } from './standard-response.ts';
import type { RevocationOutcome, RevokeToken } from './token-endpoint.ts';

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
    const { revoke: definition } = client.definition;
    if (definition === undefined) return 'refused';
    const ending = await askAboutToken<RevocationOutcome>(ports, withoutOverSecret(client), {
      token,
      timeoutMs,
      endpoint: {
        kind: 'revocation_endpoint',
        definition,
        readResponse: standardRevocationResponse,
        ask: async ({ server, client: us, authentication }, options) => {
          const text = token.reveal();
          await oauth.processRevocationResponse(
            await oauth.revocationRequest(server, us, authentication, text, options),
          );
          return 'revoked';
        },
        outcomeOf,
      },
    });
    if (ending === undefined || ending.outcome === 'client_refused') return 'unavailable';
    if (ending.refused === 0 && ending.outcome === 'revoked')
      proven.set(client.name, client.version);
    return ending.outcome;
  };
}

function outcomeOf(error: unknown): RevocationOutcome | 'client_refused' {
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
