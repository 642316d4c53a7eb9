/**
 * HURMA as its page describes API v3: code or password grant by client, form body, secret in the
 * body, Bearer header. Error bodies are those of Laravel Passport, which its pages resemble.
 *
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { type AuthorizeProblem, authorizeRoute } from './authorize-endpoint.ts';
import { demoAccounts } from './demo-accounts.ts';
import type { GrantRefusal, IssuedTokens, TokenMint } from './grant-ledger.ts';
import { type CommonSettings, commonSettings, reportedExpiry } from './settings.ts';
import { json, type Reply, readBearer, readForm, type SimulatedRequest } from './simulated-http.ts';
import type { RegisteredClient, Vendor, VendorContext } from './vendor.ts';

const settings = v.strictObject({
  ...commonSettings,
  /** How a dead refresh token is told: by 401 `invalid_request`, or by 400 `invalid_grant`. */
  dead_refresh_token: v.picklist(['invalid_request', 'invalid_grant']),
  /** Whether the password grant brings a refresh token; the vendor's page suggests that not. */
  password_refresh_token: v.boolean(),
});

export type HurmaSettings = Readonly<v.InferOutput<typeof settings>>;
type Context = VendorContext<HurmaSettings>;

export const hurmaPaths = {
  authorize: '/api/v3/oauth/authorize',
  token: '/api/v3/oauth/token',
  users: '/api/v3/users',
} as const;

const errors = {
  invalid_client: [401, 'Client authentication failed'],
  invalid_request: [400, 'The request is missing a required parameter or is malformed.'],
  invalid_grant: [400, 'The provided authorization grant or refresh token is invalid.'],
  dead_refresh_token: [401, 'The refresh token is invalid.'],
  user_credentials: [400, 'The user credentials were incorrect.'],
  unsupported_grant_type: [
    400,
    'The authorization grant type is not supported by the authorization server.',
  ],
} as const satisfies Record<string, readonly [number, string]>;

const errorCodes: Readonly<Partial<Record<keyof typeof errors, string>>> = {
  dead_refresh_token: 'invalid_request',
  user_credentials: 'invalid_grant',
};

const jwtKey = randomBytes(32);

const mint: TokenMint = {
  accessToken: ({ clientId, accountId }, { at, expiresAt }) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = {
      aud: clientId,
      jti: randomBytes(20).toString('hex'),
      iat: at,
      nbf: at,
      exp: expiresAt,
      sub: accountId,
      scopes: [],
    };
    const signed = `${part({ typ: 'JWT', alg: 'HS256' })}.${part(claims)}`;
    return `${signed}.${createHmac('sha256', jwtKey).update(signed).digest('base64url')}`;
  },
  refreshToken: () => `def502${randomBytes(357).toString('hex')}`,
};

export const hurma: Vendor<HurmaSettings> = {
  name: 'hurma',
  settings,
  defaults: {
    access_token_seconds: 3600,
    refresh_token_seconds: 30 * 86_400,
    code_seconds: 600,
    rotation: 'strict',
    reported_expiry: 'given',
    refresh_ends_access_token: true,
    dead_refresh_token: 'invalid_request',
    password_refresh_token: false,
  },
  mint,
  unknownPath: json(404, { message: 'The route could not be found.' }, 'not_found'),
  routes: (context) => ({
    [hurmaPaths.authorize]: authorizeRoute(
      {
        vendor: 'hurma',
        title: 'HURMA',
        names: {
          clientId: 'client_id',
          redirectUri: 'redirect_uri',
          state: 'state',
          responseType: 'response_type',
        },
        stateRequired: false,
        refuse: refuseAuthorization,
        denial: {
          error: 'access_denied',
          error_description: 'The resource owner or authorization server denied the request.',
          hint: 'The user denied the request',
        },
      },
      context,
    ),
    [hurmaPaths.token]: { kind: 'token', answer: (request) => answerToken(context, request) },
    [hurmaPaths.users]: { kind: 'api', answer: (request) => answerUsers(context, request) },
  }),
};

function refuseAuthorization(problem: AuthorizeProblem): Reply {
  switch (problem) {
    case 'client':
    case 'redirect_uri':
    case 'grant':
      return refuse('invalid_client');
    case 'response_type':
      return refuse('unsupported_grant_type');
    case 'scope':
    case 'state':
    case 'parameter':
    case 'form':
      return refuse('invalid_request');
  }
}

function answerToken(context: Context, request: SimulatedRequest): Reply {
  if (request.method !== 'POST') {
    return json(405, { message: 'Supported methods: POST.' }, 'method_not_allowed');
  }
  const form = readForm(request);
  const grantType = form?.get('grant_type');
  if (
    !form ||
    !grantType ||
    !['authorization_code', 'password', 'refresh_token'].includes(grantType)
  ) {
    return refuse(
      'unsupported_grant_type',
      'Check that all required parameters have been provided',
    );
  }
  const client = context.clients.find(({ clientId }) => clientId === form.get('client_id'));
  if (!client || client.clientSecret !== form.get('client_secret')) return refuse('invalid_client');
  if (grantType === 'refresh_token') return answerRefresh(context, client, form);
  if (!client.grants.includes(grantType)) return refuse('invalid_client');
  return grantType === 'password'
    ? answerPassword(context, client, form)
    : answerCode(context, client, form);
}

function answerCode(context: Context, client: RegisteredClient, form: URLSearchParams): Reply {
  const code = form.get('code');
  const redirectUri = form.get('redirect_uri');
  if (!code) return refuse('invalid_request', 'Check the `code` parameter');
  if (!redirectUri) return refuse('invalid_request', 'Check the `redirect_uri` parameter');
  const exchange = context.ledger.exchangeCode(code, client.clientId, redirectUri);
  if (exchange.outcome === 'issued') return granted(context, exchange.tokens);
  if (exchange.why === 'redirect_uri') return refuse('invalid_request', 'Invalid redirect URI');
  return refuse(
    context.settings().dead_refresh_token === 'invalid_grant' ? 'invalid_grant' : 'invalid_request',
    codeHints[exchange.why],
  );
}

const codeHints: Readonly<Record<Exclude<GrantRefusal, 'redirect_uri'>, string>> = {
  unknown: 'Cannot decrypt the authorization code',
  expired: 'Authorization code has expired',
  spent: 'Authorization code has been revoked',
  other_client: 'Authorization code was not issued to this client',
};

function answerPassword(context: Context, client: RegisteredClient, form: URLSearchParams): Reply {
  for (const name of ['username', 'password']) {
    if (!form.get(name)) return refuse('invalid_request', `Check the \`${name}\` parameter`);
  }
  const account = demoAccounts.find(
    ({ email, password }) => email === form.get('username') && password === form.get('password'),
  );
  if (!account) return refuse('user_credentials');
  const subject = { clientId: client.clientId, accountId: account.id };
  const withRefreshToken = context.settings().password_refresh_token;
  return granted(context, context.ledger.openGrant(subject, withRefreshToken));
}

function answerRefresh(context: Context, client: RegisteredClient, form: URLSearchParams): Reply {
  const token = form.get('refresh_token');
  if (!token) return refuse('invalid_request', 'Check the `refresh_token` parameter');
  const refresh = context.ledger.refresh(token, client.clientId);
  if (refresh.outcome === 'issued') return granted(context, refresh.tokens);
  const { dead_refresh_token } = context.settings();
  return refuse(
    dead_refresh_token === 'invalid_grant' ? 'invalid_grant' : 'dead_refresh_token',
    'Token has been revoked',
  );
}

function granted(
  context: { readonly settings: () => CommonSettings },
  tokens: IssuedTokens,
): Reply {
  const { accessToken, refreshToken, expiresIn } = tokens;
  const body = {
    token_type: 'Bearer',
    expires_in: reportedExpiry(context.settings(), expiresIn),
    access_token: accessToken,
    refresh_token: refreshToken,
  };
  return json(200, body, 'granted');
}

function refuse(error: keyof typeof errors, hint?: string): Reply {
  const [status, text] = errors[error];
  const code = errorCodes[error] ?? error;
  return json(status, { error: code, error_description: text, hint, message: text }, code);
}

/** A token in the query is not looked at; one in the query beside the header is refused. */
function answerUsers(context: Context, request: SimulatedRequest): Reply {
  const token = request.query.has('access_token') ? undefined : readBearer(request);
  const subject = token === undefined ? 'unknown' : context.ledger.readAccessToken(token);
  if (typeof subject === 'string') return json(401, { message: 'Unauthenticated.' }, subject);
  const data = demoAccounts.map(({ id, name, email }) => ({ id, name, email }));
  const meta = { current_page: 1, last_page: 1, total: data.length };
  return json(200, { data, meta }, 'served');
}
