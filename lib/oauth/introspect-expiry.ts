import * as oauth from 'oauth4webapi';
import * as v from 'valibot';
import type { Client } from '../providers/client.ts';
import type { Secret } from '../secret.ts';
import { type EpochSeconds, epochSeconds } from '../time.ts';
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
import { isPlausibleExpiry } from './expiry-values.ts';
import { standardIntrospectionResponse } from './standard-response.ts';
import type { IntrospectExpiry } from './token-endpoint.ts';
import type { RequestDialect } from './wire-request.ts';

/** `'client_refused'`: the next of its secrets is to be tried. */
type AttemptOutcome = EpochSeconds | undefined | 'client_refused';

const tellsExpiry = v.object({ active: v.literal(true), exp: v.number() });

/** The introspection endpoint of every provider that declares one (RFC 7662). */
export function expiryIntrospector(ports: EndpointPorts): IntrospectExpiry {
  return async (client, accessToken, timeoutMs) => {
    const { clock } = ports;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const { introspect } = client.definition;
    if (introspect === undefined) return undefined;
    const dialect = tokenDialect(client, introspect);
    const ending = await tryEach(
      await listClientAuthentications(client, introspect.client_authentication, clock),
      attemptWith(ports, client, { accessToken, dialect }),
      { clock, deadlineMs, isClientRefused: (tried) => tried === 'client_refused' },
    );
    return ending?.outcome === 'client_refused' ? undefined : ending?.outcome;
  };
}

function attemptWith(
  { transport, clock }: EndpointPorts,
  client: Client,
  request: { readonly accessToken: Secret<'access_token'>; readonly dialect: RequestDialect },
): Attempt<AttemptOutcome> {
  const { accessToken, dialect } = request;
  const { definition } = client;
  const { server, client: us } = protocolParties(client, 'introspection_endpoint', dialect.url);
  return async (authentication, timeoutMs) => {
    const context = { definition, grantType: undefined, nowMs: clock.nowMs() };
    const fetch = dialectFetch(
      { dialect, readResponse: (response) => standardIntrospectionResponse(response, context) },
      transport,
      timeoutMs,
    );
    try {
      const token = accessToken.reveal();
      const response = await oauth.introspectionRequest(server, us, authentication, token, {
        ...throughBorder(fetch),
        additionalParameters: { token_type_hint: accessToken.kind },
      });
      const answer = await oauth.processIntrospectionResponse(server, us, response);
      return readExpiry(answer, clock.now());
    } catch (error) {
      const isRefused =
        error instanceof oauth.ResponseBodyError && error.error === 'invalid_client';
      return isRefused ? 'client_refused' : undefined;
    }
  };
}

/** An answer that calls the token inactive, or says no end, tells nothing to plan with. */
function readExpiry(answer: unknown, now: EpochSeconds): EpochSeconds | undefined {
  const told = v.safeParse(tellsExpiry, answer);
  if (!told.success || !isPlausibleExpiry(told.output.exp, now)) return undefined;
  return epochSeconds(told.output.exp);
}
