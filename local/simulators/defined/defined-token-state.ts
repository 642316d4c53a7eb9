/**
 * The endpoints of a simulated provider that are asked about one token: revocation and introspection.
 *
 * @module
 */
import type { Definition } from '../../../lib/providers/definition.ts';
import { json, type Reply, type SimulatedRequest } from '../simulated-http.ts';
import type { Route } from '../vendor.ts';
import { buildBody, refusedReply } from './defined-answer.ts';
import { standInPath } from './defined-provider.ts';
import { parameterOf, readClient, readParameters } from './defined-request.ts';
import type { DefinedContext } from './defined-token.ts';

/** The paths of RFC 7009 and RFC 7662 that the definition has. */
export function aboutTokenRoutes(context: DefinedContext): Readonly<Record<string, Route>> {
  const { client, ledger } = context;
  const { revoke, introspect } = client.definition;
  const at = (
    endpoint: NonNullable<Definition['revoke']> | undefined,
    answer: (token: string) => Reply,
  ): Readonly<Record<string, Route>> =>
    endpoint === undefined
      ? {}
      : {
          [standInPath(client, endpoint.url)]: {
            kind: 'token_state',
            answer: (request) => answerFor(context, endpoint, { request, answer }),
          },
        };
  return {
    ...at(revoke, (token) => {
      ledger.revoke(token);
      return json(200, {}, 'revoked');
    }),
    ...at(introspect, (token) => {
      const subject = ledger.readAccessToken(token);
      const active = typeof subject !== 'string';
      const { active: activeAt, exp } = introspect?.answer ?? { active: ['active'], exp: ['exp'] };
      const members = [
        [activeAt[0], active] as const,
        [exp[0], active ? ledger.readExpiry(token) : undefined] as const,
      ];
      return json(200, buildBody(members), active ? 'active' : 'inactive');
    }),
  };
}

interface Question {
  readonly request: SimulatedRequest;
  readonly answer: (token: string) => Reply;
}

function answerFor(
  { client, clients }: DefinedContext,
  endpoint: NonNullable<Definition['revoke']>,
  { request, answer }: Question,
): Reply {
  const parameters = readParameters(request, endpoint.parameters_in);
  const token = parameters && parameterOf(endpoint, parameters, 'token');
  if (request.method !== 'POST' || !parameters || token === undefined) {
    return refusedReply(client.definition, 'invalid_request');
  }
  return readClient(clients, endpoint, { request, parameters })
    ? answer(token)
    : refusedReply(client.definition, 'invalid_client');
}
