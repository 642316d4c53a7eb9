/**
 * Hurdlr as its v5 page describes it: one form-encoded token endpoint for accountants and one for
 * users, three grants, no `redirect_uri` and no `token_type`. Its authorize website has no public
 * address, so the one here is ours.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { type AuthorizeProblem, authorizeRoute } from './authorize-endpoint.ts';
import { demoAccounts, demoHurdlrPartnerToken } from './demo-accounts.ts';
import type { IssuedTokens, TokenMint } from './grant-ledger.ts';
import { commonSettings, reportedExpiry } from './settings.ts';
import { json, type Reply, readBearer, readForm, type SimulatedRequest } from './simulated-http.ts';
import type { RegisteredClient, Vendor, VendorContext } from './vendor.ts';

const settings = v.strictObject({
  ...commonSettings,
  /** Whether the token endpoint wants the Bearer header that the vendor's page lists. */
  token_endpoint_bearer: v.boolean(),
  /** How the token endpoint tells an error: as the API's list, or as RFC 6749 §5.2 has it. */
  token_errors: v.picklist(['list', 'rfc6749']),
  /** Whether client credentials bring a refresh token; the page's one example has it. */
  client_credentials_refresh_token: v.boolean(),
});

export type HurdlrSettings = Readonly<v.InferOutput<typeof settings>>;
type Context = VendorContext<HurdlrSettings>;

export const hurdlrPaths = {
  authorize: '/oauth/authorize',
  accountantToken: '/rest/v5/accountant/token',
  userToken: '/rest/v5/auth/token',
  accountants: '/rest/v5/accountants',
} as const;

const knownParameters = [
  'client_id',
  'client_secret',
  'grant_type',
  'refresh_token',
  'code',
  'userId',
];

const refusals = {
  bearer: [401, 'INVALID_TOKEN', 'invalid_client', 'A bearer token is required.'],
  client: [401, 'INVALID_CREDENTIALS', 'invalid_client', 'The client is not known.'],
  request: [400, 'BAD_REQUEST', 'invalid_request', 'A parameter is missing or wrong.'],
  grant_type: [400, 'BAD_REQUEST', 'unsupported_grant_type', 'The grant_type is not supported.'],
  not_allowed: [400, 'BAD_REQUEST', 'unauthorized_client', 'The grant_type is not allowed.'],
  grant: [400, 'INVALID_TOKEN', 'invalid_grant', 'The code or token is not valid.'],
  expired: [400, 'EXPIRED_TOKEN', 'invalid_grant', 'The code or token has expired.'],
} as const satisfies Record<string, readonly [number, string, string, string]>;

const token = () => `${randomBytes(32).toString('hex')}.${randomBytes(16).toString('hex')}`;
const mint: TokenMint = { accessToken: token, refreshToken: token };

export const hurdlr: Vendor<HurdlrSettings> = {
  name: 'hurdlr',
  settings,
  defaults: {
    access_token_seconds: 90 * 86_400,
    refresh_token_seconds: 365 * 86_400,
    code_seconds: 600,
    rotation: 'none',
    reported_expiry: 'given',
    refresh_ends_access_token: false,
    token_endpoint_bearer: false,
    token_errors: 'rfc6749',
    client_credentials_refresh_token: false,
  },
  mint,
  unknownPath: failure(404, { type: 'NOT_FOUND', message: 'There is no such resource.' }),
  routes: (context) => {
    const answer = (request: SimulatedRequest) => answerToken(context, request);
    return {
      [hurdlrPaths.authorize]: authorizeRoute(
        {
          vendor: 'hurdlr',
          title: 'Hurdlr',
          names: {
            clientId: 'client_id',
            redirectUri: 'redirect_uri',
            state: 'state',
            responseType: 'response_type',
          },
          stateRequired: false,
          refuse: refuseAuthorization,
          denial: { error: 'access_denied' },
        },
        context,
      ),
      [hurdlrPaths.accountantToken]: { kind: 'token', answer },
      [hurdlrPaths.userToken]: { kind: 'token', answer },
      [hurdlrPaths.accountants]: {
        kind: 'api',
        answer: (request) => answerAccountants(context, request),
      },
    };
  },
};

function refuseAuthorization(problem: AuthorizeProblem): Reply {
  const message = `The authorization request is not valid: ${problem}.`;
  return failure(400, { type: 'BAD_REQUEST', message, param: problem });
}

function answerToken(context: Context, request: SimulatedRequest): Reply {
  const refuse = (why: keyof typeof refusals, param?: string) =>
    refuseToken(context.settings().token_errors, why, param);
  if (request.method !== 'POST') return refuse('request');
  const form = readForm(request);
  if (!form) return refuse('request', 'Content-Type');
  const { token_endpoint_bearer } = context.settings();
  if (token_endpoint_bearer && readBearer(request) !== demoHurdlrPartnerToken) {
    return refuse('bearer', 'Authorization');
  }
  const unknown = [...form.keys()].find((name) => !knownParameters.includes(name));
  if (unknown !== undefined) return refuse('request', unknown);
  const client = context.clients.find(({ clientId }) => clientId === form.get('client_id'));
  if (!client || client.clientSecret !== form.get('client_secret')) return refuse('client');
  switch (form.get('grant_type')) {
    case 'authorization_code':
    case 'refresh_token':
      return answerGrant(context, client, form, refuse);
    case 'client_credentials':
      return answerClientCredentials(context, client, form, refuse);
    default:
      return refuse('grant_type', 'grant_type');
  }
}

type Refuse = (why: keyof typeof refusals, param?: string) => Reply;

function answerGrant(
  context: Context,
  { clientId, grants }: RegisteredClient,
  form: URLSearchParams,
  refuse: Refuse,
): Reply {
  const isCode = form.get('grant_type') === 'authorization_code';
  const name = isCode ? 'code' : 'refresh_token';
  const value = form.get(name);
  if (!value) return refuse('request', name);
  if (isCode && !grants.includes('authorization_code')) return refuse('not_allowed');
  const issuance = isCode
    ? context.ledger.exchangeCode(value, clientId, undefined)
    : context.ledger.refresh(value, clientId);
  if (issuance.outcome === 'issued') return granted(context, issuance.tokens);
  return refuse(issuance.why === 'expired' ? 'expired' : 'grant', name);
}

function answerClientCredentials(
  context: Context,
  { clientId, grants }: RegisteredClient,
  form: URLSearchParams,
  refuse: Refuse,
): Reply {
  if (!grants.includes('client_credentials')) return refuse('not_allowed');
  const account = demoAccounts.find(({ id }) => id === form.get('userId'));
  if (!account) return refuse('request', 'userId');
  const { client_credentials_refresh_token } = context.settings();
  const subject = { clientId, accountId: account.id };
  return granted(context, context.ledger.openGrant(subject, client_credentials_refresh_token));
}

function granted(context: Context, tokens: IssuedTokens): Reply {
  const body = {
    access_token: tokens.accessToken,
    refresh_token: tokens.refreshToken,
    expires_in: reportedExpiry(context.settings(), tokens.expiresIn),
    created_at: tokens.issuedAt,
    scope: 'token',
  };
  return json(200, body, 'granted');
}

function refuseToken(
  shape: HurdlrSettings['token_errors'],
  why: keyof typeof refusals,
  param?: string,
): Reply {
  const [status, type, error, message] = refusals[why];
  if (shape === 'rfc6749') return json(status, { error, error_description: message }, error);
  return { ...failure(status, { type, message, ...(param ? { param } : {}) }), outcome: error };
}

interface HurdlrError {
  readonly type: string;
  readonly message: string;
  readonly param?: string;
}

function failure(status: number, error: HurdlrError): Reply {
  return json(status, { result: 'FAILURE', data: null, error: [error] }, error.type);
}

function answerAccountants(context: Context, request: SimulatedRequest): Reply {
  if (request.query.has('access_token')) {
    const message = 'The token belongs in the Authorization header.';
    return failure(400, { type: 'BAD_REQUEST', message, param: 'access_token' });
  }
  const subject = context.ledger.readAccessToken(readBearer(request) ?? '');
  if (subject === 'expired') {
    return failure(401, { type: 'EXPIRED_TOKEN', message: 'The token has expired.' });
  }
  if (subject === 'unknown') {
    return failure(401, { type: 'INVALID_TOKEN', message: 'The token is not valid.' });
  }
  const account = demoAccounts.find(({ id }) => id === subject.accountId);
  const data = [{ userId: account?.id, email: account?.email }];
  return json(200, { result: 'SUCCESS', data, error: null }, 'served');
}
