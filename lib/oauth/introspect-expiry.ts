import * as oauth from 'oauth4webapi';
import * as v from 'valibot';
import { type EpochSeconds, epochSeconds } from '../time.ts';
import { askAboutToken, type EndpointPorts } from './endpoint-request.ts';
import { isPlausibleExpiry } from './expiry-values.ts';
import { standardIntrospectionResponse } from './standard-response.ts';
import type { IntrospectExpiry } from './token-endpoint.ts';

const tellsExpiry = v.object({ active: v.literal(true), exp: v.number() });

/** The introspection endpoint of every provider that declares one (RFC 7662). */
export function expiryIntrospector(ports: EndpointPorts): IntrospectExpiry {
  return async (client, accessToken, timeoutMs) => {
    const { introspect: definition } = client.definition;
    if (definition === undefined) return undefined;
    const ending = await askAboutToken<EpochSeconds | undefined>(ports, client, {
      token: accessToken,
      timeoutMs,
      endpoint: {
        kind: 'introspection_endpoint',
        definition,
        readResponse: standardIntrospectionResponse,
        ask: async ({ server, client: us, authentication }, options) => {
          const token = accessToken.reveal();
          const response = await oauth.introspectionRequest(
            server,
            us,
            authentication,
            token,
            options,
          );
          const answer = await oauth.processIntrospectionResponse(server, us, response);
          return readExpiry(answer, ports.clock.now());
        },
        outcomeOf: (error) =>
          error instanceof oauth.ResponseBodyError && error.error === 'invalid_client'
            ? 'client_refused'
            : undefined,
      },
    });
    return ending?.outcome === 'client_refused' ? undefined : ending?.outcome;
  };
}

/** An answer that calls the token inactive, or says no end, tells nothing to plan with. */
function readExpiry(answer: unknown, now: EpochSeconds): EpochSeconds | undefined {
  const told = v.safeParse(tellsExpiry, answer);
  if (!told.success || !isPlausibleExpiry(told.output.exp, now)) return undefined;
  return epochSeconds(told.output.exp);
}
