/**
 * The token endpoint of a simulated provider: each grant that its definition offers, at the URL and
 * in the form that it says.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Client } from '../../../lib/providers/client.ts';
import type { GrantType, TokenRequestShape } from '../../../lib/providers/definition.ts';
import {
  listGrantTypes,
  mergeTokenRequestShape,
} from '../../../lib/providers/token-request-shape.ts';
import { demoAccounts } from '../demo-accounts.ts';
import type { GrantLedger, IssuedTokens } from '../grant-ledger.ts';
import type { CommonSettings } from '../settings.ts';
import type { Reply, SimulatedRequest } from '../simulated-http.ts';
import type { RegisteredClient, Route, VendorContext } from '../vendor.ts';
import { grantedReply, type Refusal, refusedReply } from './defined-answer.ts';
import { standInPath } from './defined-provider.ts';
import {
  credentialOf,
  fitsShape,
  type Parameters,
  parameterOf,
  readClient,
  readParameters,
} from './defined-request.ts';

/** What the simulation of one definition shares between its endpoints. */
export interface DefinedContext extends VendorContext<CommonSettings> {
  readonly client: Client;
  /** The code challenges (RFC 7636 §4.4) by their codes. */
  readonly challenges: Map<string, string>;
}

interface Grant {
  readonly grantType: GrantType;
  readonly shape: TokenRequestShape;
}

/** The paths at which tokens are given. */
export function tokenRoutes(context: DefinedContext): Readonly<Record<string, Route>> {
  const { client } = context;
  const byPath = new Map<string, Grant[]>();
  for (const grantType of listGrantTypes(client.definition)) {
    const shape = mergeTokenRequestShape(client.definition, grantType);
    if (shape.url === null) continue;
    const path = standInPath(client, shape.url);
    byPath.set(path, [...(byPath.get(path) ?? []), { grantType, shape }]);
  }
  const routes = [...byPath].map(([path, grants]): readonly [string, Route] => [
    path,
    { kind: 'token', answer: (request) => answerToken(context, grants, request) },
  ]);
  return Object.fromEntries(routes);
}

function answerToken(
  context: DefinedContext,
  grants: readonly Grant[],
  request: SimulatedRequest,
): Reply {
  const { client, clients } = context;
  const grant = grants.find((each) => isMeant(each, request));
  if (!grant) return refusedReply(client.definition, 'invalid_request');
  const { shape, grantType } = grant;
  const refuse = (means: Refusal) => refusedReply(client.definition, means, grantType);
  const parameters = readParameters(request, shape.parameters_in) ?? new Map();
  if (!fitsShape(client, grant, { request, parameters })) return refuse('invalid_request');
  const from = readClient(clients, shape, { request, parameters });
  if (!from) return refuse('invalid_client');
  const issued = issue(context, grant, { from, parameters });
  if (typeof issued === 'string') return refuse(issued);
  return grantedReply(client.definition, issued, context.settings());
}

/** Whether a request is for this grant: by its type, or where none is sent by what it brings. */
function isMeant({ grantType, shape }: Grant, request: SimulatedRequest): boolean {
  const parameters = readParameters(request, shape.parameters_in);
  if (request.method !== shape.method || !parameters) return false;
  const { grant_type: name = 'grant_type' } = shape.names;
  if (name !== false) return parameters.get(name) === (shape.params[name] ?? grantType);
  const credential = credentialOf[grantType];
  return credential === undefined || parameterOf(shape, parameters, credential) !== undefined;
}

interface Asked {
  readonly from: RegisteredClient;
  readonly parameters: Parameters;
}

function issue(
  context: DefinedContext,
  { grantType, shape }: Grant,
  { from: { clientId }, parameters }: Asked,
): IssuedTokens | Refusal {
  const { ledger, client } = context;
  const value = (name: string) => parameterOf(shape, parameters, name) ?? '';
  switch (grantType) {
    case 'authorization_code':
      if (!provesCode(context, value('code'), value('code_verifier'))) return 'invalid_grant';
      return settle(
        ledger.exchangeCode(value('code'), clientId, value('redirect_uri') || undefined),
      );
    case 'refresh_token':
      return settle(ledger.refresh(value('refresh_token'), clientId));
    case 'password': {
      const account = demoAccounts.find(
        ({ email, password }) => email === value('username') && password === value('password'),
      );
      if (!account) return 'invalid_grant';
      const isRenewable = client.definition.grants.refresh_token !== undefined;
      return ledger.openGrant({ clientId, accountId: account.id }, isRenewable);
    }
    case 'client_credentials':
      return ledger.openGrant({ clientId, accountId: accountNamed(parameters) }, false);
  }
}

function settle(issuance: ReturnType<GrantLedger['refresh']>): IssuedTokens | Refusal {
  return issuance.outcome === 'issued' ? issuance.tokens : 'invalid_grant';
}

/** PKCE with S256 (RFC 7636 §4.6), unless the definition does without. */
function provesCode({ client, challenges }: DefinedContext, code: string, verifier: string) {
  if (!client.definition.authorize?.pkce) return true;
  return challenges.get(code) === createHash('sha256').update(verifier).digest('base64url');
}

/** A client that acts for itself may still say for which of its users. */
function accountNamed(parameters: Parameters): string {
  const values = [...parameters.values()];
  return (demoAccounts.find(({ id }) => values.includes(id)) ?? demoAccounts[0]).id;
}
