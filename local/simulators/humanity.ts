/**
 * Humanity as its page describes API v2: password and refresh grants at `token.php`, the token as
 * query parameter or Bearer header. Its API tells errors by `status` inside HTTP 200; the token
 * endpoint answers as bshaffer's PHP server does, which its answers resemble.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { demoAccounts } from './demo-accounts.ts';
import type { IssuedTokens, TokenMint } from './grant-ledger.ts';
import { commonSettings, reportedExpiry } from './settings.ts';
import { json, type Reply, readBearer, readForm, type SimulatedRequest } from './simulated-http.ts';
import type { RegisteredClient, Vendor, VendorContext } from './vendor.ts';

const settings = v.strictObject({
  ...commonSettings,
  /** How the token endpoint tells an error: as RFC 6749 §5.2, or by `status` inside HTTP 200. */
  token_errors: v.picklist(['rfc6749', 'status_in_200']),
});

export type HumanitySettings = Readonly<v.InferOutput<typeof settings>>;
type Context = VendorContext<HumanitySettings>;

export const humanityPaths = { token: '/oauth2/token.php', me: '/api/v2/me' } as const;

/** HTTP status, code of RFC 6749, code of Humanity's own list, text. */
const refusals = {
  method: [
    405,
    'invalid_request',
    4,
    'The request method must be POST when requesting an access token',
  ],
  no_grant_type: [400, 'invalid_request', 8, 'The grant type was not specified in the request'],
  grant_type: [400, 'unsupported_grant_type', 9, 'Grant type not supported'],
  not_allowed: [
    400,
    'unauthorized_client',
    20,
    'The grant type is unauthorized for this client_id',
  ],
  no_client: [400, 'invalid_client', 2, 'Client credentials were not found in the headers or body'],
  client: [400, 'invalid_client', 2, 'The client credentials are invalid'],
  no_password: [
    400,
    'invalid_request',
    8,
    'Missing parameters: "username" and "password" required',
  ],
  password: [401, 'invalid_grant', 7, 'Invalid username and password combination'],
  no_refresh_token: [400, 'invalid_request', 8, 'Missing parameter: "refresh_token" is required'],
  refresh_token: [400, 'invalid_grant', 3, 'Invalid refresh token'],
  expired: [400, 'invalid_grant', 3, 'Refresh token has expired'],
  redirect_uri: [400, 'redirect_uri_mismatch', 9, 'The redirect URI is missing or do not match'],
} as const satisfies Record<string, readonly [number, string, number, string]>;

type Refuse = (why: keyof typeof refusals) => Reply;

const token = () => randomBytes(20).toString('hex');
const mint: TokenMint = { accessToken: token, refreshToken: token };

export const humanity: Vendor<HumanitySettings> = {
  name: 'humanity',
  settings,
  defaults: {
    access_token_seconds: 3600,
    refresh_token_seconds: 14 * 86_400,
    code_seconds: 600,
    rotation: 'strict',
    reported_expiry: 'given',
    refresh_ends_access_token: false,
    token_errors: 'rfc6749',
  },
  mint,
  unknownPath: json(404, { status: 4, data: 'Unknown method' }, 'not_found'),
  routes: (context) => ({
    [humanityPaths.token]: { kind: 'token', answer: (request) => answerToken(context, request) },
    [humanityPaths.me]: { kind: 'api', answer: (request) => answerMe(context, request) },
  }),
};

function answerToken(context: Context, request: SimulatedRequest): Reply {
  const refuse: Refuse = (why) => refuseToken(context.settings().token_errors, why);
  if (request.method !== 'POST') return refuse('method');
  const form = readForm(request);
  const grantType = form?.get('grant_type');
  if (!form || !grantType) return refuse('no_grant_type');
  if (grantType !== 'password' && grantType !== 'refresh_token') return refuse('grant_type');
  if (!form.get('client_id') || !form.get('client_secret')) return refuse('no_client');
  const client = context.clients.find(({ clientId }) => clientId === form.get('client_id'));
  if (!client || client.clientSecret !== form.get('client_secret')) return refuse('client');
  const redirectUri = form.get('redirect_uri');
  if (redirectUri && !client.redirectUris.includes(redirectUri)) return refuse('redirect_uri');
  if (!client.grants.includes('password')) return refuse('not_allowed');
  return grantType === 'password'
    ? answerPassword(context, client, form, refuse)
    : answerRefresh(context, client, form, refuse);
}

function answerPassword(
  context: Context,
  { clientId }: RegisteredClient,
  form: URLSearchParams,
  refuse: Refuse,
): Reply {
  const username = form.get('username');
  const password = form.get('password');
  if (!username || !password) return refuse('no_password');
  const account = demoAccounts.find(
    (known) => known.email === username && known.password === password,
  );
  if (!account) return refuse('password');
  return granted(context, context.ledger.openGrant({ clientId, accountId: account.id }, true));
}

function answerRefresh(
  context: Context,
  { clientId }: RegisteredClient,
  form: URLSearchParams,
  refuse: Refuse,
): Reply {
  const refreshToken = form.get('refresh_token');
  if (!refreshToken) return refuse('no_refresh_token');
  const refresh = context.ledger.refresh(refreshToken, clientId);
  if (refresh.outcome === 'issued') return granted(context, refresh.tokens);
  return refuse(refresh.why === 'expired' ? 'expired' : 'refresh_token');
}

function granted(context: Context, { accessToken, expiresIn, refreshToken }: IssuedTokens): Reply {
  const body = {
    access_token: accessToken,
    expires_in: reportedExpiry(context.settings(), expiresIn),
    token_type: 'bearer',
    scope: null,
    refresh_token: refreshToken,
  };
  return json(200, body, 'granted');
}

function refuseToken(shape: HumanitySettings['token_errors'], why: keyof typeof refusals): Reply {
  const [httpStatus, error, status, text] = refusals[why];
  if (shape === 'status_in_200') return json(200, { status, data: text, token: null }, error);
  return json(httpStatus, { error, error_description: text }, error);
}

/** The token in one place only: both at once is refused as bshaffer's server does. */
function answerMe(context: Context, request: SimulatedRequest): Reply {
  const inQuery = request.query.get('access_token') ?? undefined;
  const inHeader = readBearer(request);
  if (inQuery !== undefined && request.headers.authorization !== undefined) {
    const text = 'Only one method may be used to authenticate at a time (Auth header, GET or POST)';
    return json(400, { error: 'invalid_request', error_description: text }, 'two_tokens');
  }
  const subject = context.ledger.readAccessToken(inQuery ?? inHeader ?? '');
  if (typeof subject === 'string') {
    return json(200, { status: 3, data: 'Invalid token - please re-authenticate' }, subject);
  }
  const account = demoAccounts.find(({ id }) => id === subject.accountId);
  const data = { id: account?.id, name: account?.name, email: account?.email };
  return json(200, { status: 1, data }, 'served');
}
