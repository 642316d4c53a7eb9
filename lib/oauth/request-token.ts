import * as oauth from 'oauth4webapi';
import * as v from 'valibot';
import type { Client } from '../providers/client.ts';
import {
  fillTemplate,
  type KnownTokenRequestShape,
  tokenRequestShape,
} from '../providers/params.ts';
import { writeScope } from '../providers/scope.ts';
import { listClientAuthentications } from './client-authentication.ts';
import { dialectFetch } from './dialect.ts';
import {
  type Attempt,
  type EndpointPorts,
  protocolParties,
  throughBorder,
  tryEach,
} from './endpoint-request.ts';
import { standardTokenResponse } from './standard-response.ts';
import { buildTokenAnswer } from './token-answer.ts';
import type { RequestToken, TokenOutcome, TokenRequest } from './token-endpoint.ts';
import { tokenMembers } from './token-members.ts';
import { TransportError } from './transport.ts';
import { UnusableAnswer } from './unusable-answer.ts';
import type { RequestDialect } from './wire-request.ts';

/**
 * The token endpoint of every provider (RFC 6749 §3.2): the protocol library speaks the standard,
 * the border translates.
 */
export function tokenRequester(ports: EndpointPorts): RequestToken {
  return async (client, request, timeoutMs) => {
    const { clock } = ports;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const shape = tokenRequestShape(client, request.grantType);
    const dialect = buildDialect(client, request, shape);
    const ending = await tryEach(
      await listClientAuthentications(client, shape.client_authentication, clock),
      attemptWith(ports, client, { request, dialect }),
      { clock, deadlineMs, isClientRefused: (tried) => tried.outcome === 'client_refused' },
    );
    if (!ending) return { outcome: 'unavailable', trouble: 'timeout', undecided: false };
    const { outcome, refused } = ending;
    const isByOlder = outcome.outcome === 'granted' && refused > 0;
    return isByOlder ? { ...outcome, byOlderSecret: true } : outcome;
  };
}

function buildDialect(
  client: Client,
  { params }: TokenRequest,
  shape: KnownTokenRequestShape,
): RequestDialect {
  const fill = (texts: Readonly<Record<string, string>>) =>
    Object.entries(texts).map(([name, text]) => [name, fillTemplate(client, params, text)]);
  const own = Object.entries(client.tokenRequestHeaders);
  return {
    url: shape.url,
    method: shape.method,
    parametersIn: shape.parameters_in,
    names: shape.names,
    params: Object.fromEntries(fill(shape.params)),
    headers: Object.fromEntries([
      ...fill(shape.headers),
      ...own.map(([name, value]) => [name, value.reveal()]),
    ]),
  };
}

function attemptWith(
  { transport, clock }: EndpointPorts,
  client: Client,
  { request, dialect }: { readonly request: TokenRequest; readonly dialect: RequestDialect },
): Attempt<TokenOutcome> {
  const { server, client: ourselves } = protocolParties(client, 'token_endpoint', dialect.url);
  const { grantType } = request;
  const { definition } = client;
  return async (authentication, timeoutMs) => {
    const sentAt = clock.now();
    const fetch = dialectFetch(
      {
        dialect,
        readResponse: (response) =>
          standardTokenResponse(response, { definition, grantType, nowMs: clock.nowMs() }),
      },
      transport,
      timeoutMs,
    );
    try {
      const response = await oauth.genericTokenEndpointRequest(
        server,
        ourselves,
        authentication,
        grantType,
        grantParameters(client, request),
        throughBorder(fetch),
      );
      const answer = await oauth.processGenericTokenEndpointResponse(server, ourselves, response);
      const members = v.parse(tokenMembers, answer);
      return { outcome: 'granted', answer: buildTokenAnswer(definition, members, sentAt) };
    } catch (error) {
      return outcomeOf(error);
    }
  };
}

/** The grant's own parameters (RFC 6749 §4.1.3, §4.3.2, §4.4.2, §6; RFC 7636 §4.5). */
function grantParameters(client: Client, request: TokenRequest): URLSearchParams {
  switch (request.grantType) {
    case 'authorization_code':
      return new URLSearchParams({
        code: request.code.reveal(),
        redirect_uri: request.redirectUri,
        ...(request.codeVerifier && { code_verifier: request.codeVerifier.reveal() }),
      });
    case 'refresh_token':
      return new URLSearchParams({ refresh_token: request.refreshToken.reveal() });
    case 'password':
      return new URLSearchParams({
        username: request.username,
        password: request.password.reveal(),
        ...scopeParameter(client, request.scope),
      });
    case 'client_credentials':
      return new URLSearchParams(scopeParameter(client, request.scope));
    default:
      return request satisfies never;
  }
}

function scopeParameter(
  client: Client,
  scope: string | undefined,
): Readonly<Record<string, string>> {
  return scope === undefined ? {} : { scope: writeScope(client, scope) };
}

/** The ending that an error stands for. The error itself goes no further: it may hold the answer. */
function outcomeOf(error: unknown): TokenOutcome {
  if (error instanceof UnusableAnswer) return error.outcome;
  if (error instanceof TransportError) {
    return { outcome: 'unavailable', trouble: error.trouble, undecided: error.sent };
  }
  if (!(error instanceof oauth.ResponseBodyError)) {
    return { outcome: 'unavailable', trouble: 'malformed', undecided: true };
  }
  switch (error.error) {
    case 'invalid_grant':
      return { outcome: 'grant_refused' };
    case 'invalid_client':
      return { outcome: 'client_refused' };
    default:
      return { outcome: 'request_refused', error: error.error };
  }
}
