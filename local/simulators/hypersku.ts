/**
 * HyperSKU as its page describes it: camelCase authorize parameters without `response_type`, a JSON
 * exchange, a camelCase answer. The names in the request bodies and the address of the refresh
 * endpoint are not public; those here are ours, for registrations that set them.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { type AuthorizeProblem, authorizeRoute } from './authorize-endpoint.ts';
import type { IssuedTokens, TokenMint } from './grant-ledger.ts';
import { commonSettings, reportedExpiry } from './settings.ts';
import {
  json,
  type Reply,
  readBearer,
  readJsonObject,
  type SimulatedRequest,
} from './simulated-http.ts';
import type { RegisteredClient, Vendor, VendorContext } from './vendor.ts';

const settings = v.strictObject({
  ...commonSettings,
  /** How the API wants the token: after `Bearer`, or bare. */
  api_token: v.picklist(['bearer', 'raw']),
  /** Whether errors come under their own HTTP status, or inside HTTP 200. */
  errors_in: v.picklist(['http_status', 'http_200']),
});

export type HyperskuSettings = Readonly<v.InferOutput<typeof settings>>;
type Context = VendorContext<HyperskuSettings>;

export const hyperskuPaths = {
  authorize: '/application/auth',
  token: '/api/auth/admin/token/access_token',
  refresh: '/api/auth/admin/token/refresh_token',
  countries: '/api/customer/admin/logistics/getCountryCode',
} as const;

/** HTTP status, code in the body, text. */
const refusals = {
  method: [405, 405, "Request method 'GET' not supported"],
  media_type: [415, 415, 'Content type not supported, application/json expected'],
  parameter: [400, 400, 'A required parameter is missing or of another type'],
  client: [401, 40101, 'Client is not valid'],
  code: [400, 40301, 'Code is not valid'],
  redirect_uri: [400, 40302, 'redirectUri does not match'],
  refresh_token: [401, 40102, 'Refresh token is not valid'],
  token: [401, 40103, 'User token expired or not valid'],
} as const satisfies Record<string, readonly [number, number, string]>;

const token = () => randomBytes(32).toString('base64url');
const mint: TokenMint = { accessToken: token, refreshToken: token };

export const hypersku: Vendor<HyperskuSettings> = {
  name: 'hypersku',
  settings,
  defaults: {
    access_token_seconds: 7200,
    refresh_token_seconds: 30 * 86_400,
    code_seconds: 300,
    rotation: 'none',
    reported_expiry: 'given',
    refresh_ends_access_token: false,
    api_token: 'bearer',
    errors_in: 'http_status',
  },
  mint,
  unknownPath: json(404, { status: 404, message: 'No message available' }, 'not_found'),
  routes: (context) => ({
    [hyperskuPaths.authorize]: authorizeRoute(
      {
        vendor: 'hypersku',
        title: 'HyperSKU',
        names: { clientId: 'clientId', redirectUri: 'redirectUri', state: 'state' },
        stateRequired: true,
        scope: 'oms',
        refuse: (problem) => refuse(context, problemRefusals[problem], `${problem}: `),
        denial: { error: 'access_denied' },
      },
      context,
    ),
    [hyperskuPaths.token]: { kind: 'token', answer: (request) => answerCode(context, request) },
    [hyperskuPaths.refresh]: {
      kind: 'token',
      answer: (request) => answerRefresh(context, request),
    },
    [hyperskuPaths.countries]: {
      kind: 'api',
      answer: (request) => answerCountries(context, request),
    },
  }),
};

const problemRefusals: Readonly<Record<AuthorizeProblem, keyof typeof refusals>> = {
  client: 'client',
  redirect_uri: 'redirect_uri',
  grant: 'client',
  response_type: 'parameter',
  scope: 'parameter',
  state: 'parameter',
  parameter: 'parameter',
  form: 'parameter',
};

type Body = Readonly<Record<string, unknown>>;

/** `{ clientId, clientSecret, code }`, and `redirectUri` if the client sends it. */
function answerCode(context: Context, request: SimulatedRequest): Reply {
  const read = readClient(context, request, ['code', 'redirectUri']);
  if ('refusal' in read) return read.refusal;
  const { code, redirectUri } = read.body;
  if (typeof code !== 'string') return refuse(context, 'parameter');
  if (redirectUri !== undefined && typeof redirectUri !== 'string') {
    return refuse(context, 'parameter');
  }
  const exchange = context.ledger.exchangeCode(code, read.client.clientId, redirectUri);
  if (exchange.outcome === 'issued') return granted(context, exchange.tokens);
  return refuse(context, exchange.why === 'redirect_uri' ? 'redirect_uri' : 'code');
}

/** `{ clientId, clientSecret, refreshToken }`. */
function answerRefresh(context: Context, request: SimulatedRequest): Reply {
  const read = readClient(context, request, ['refreshToken']);
  if ('refusal' in read) return read.refusal;
  const { refreshToken } = read.body;
  if (typeof refreshToken !== 'string') return refuse(context, 'parameter');
  const refresh = context.ledger.refresh(refreshToken, read.client.clientId);
  if (refresh.outcome === 'issued') return granted(context, refresh.tokens);
  return refuse(context, 'refresh_token');
}

function readClient(
  context: Context,
  request: SimulatedRequest,
  further: readonly string[],
): { readonly refusal: Reply } | { readonly client: RegisteredClient; readonly body: Body } {
  if (request.method !== 'POST') return { refusal: refuse(context, 'method') };
  if (request.mediaType !== 'application/json') return { refusal: refuse(context, 'media_type') };
  const body = readJsonObject(request);
  const known = ['clientId', 'clientSecret', 'grantType', ...further];
  if (!body || Object.keys(body).some((name) => !known.includes(name))) {
    return { refusal: refuse(context, 'parameter') };
  }
  const client = context.clients.find(({ clientId }) => clientId === body.clientId);
  if (!client || client.clientSecret !== body.clientSecret) {
    return { refusal: refuse(context, 'client') };
  }
  return { client, body };
}

function granted(context: Context, tokens: IssuedTokens): Reply {
  const body = {
    accessToken: tokens.accessToken,
    expiresIn: reportedExpiry(context.settings(), tokens.expiresIn),
    refreshToken: tokens.refreshToken,
    refreshTokenExpireIn: tokens.refreshExpiresIn,
    scope: 'oms',
    userId: tokens.accountId,
  };
  return json(200, body, 'granted');
}

function refuse(context: Context, why: keyof typeof refusals, place = ''): Reply {
  const [httpStatus, status, message] = refusals[why];
  const sent = context.settings().errors_in === 'http_200' ? 200 : httpStatus;
  return json(sent, { status, message: `${place}${message}` }, why);
}

function answerCountries(context: Context, request: SimulatedRequest): Reply {
  const bare = context.settings().api_token === 'raw';
  const presented = bare ? request.headers.authorization : readBearer(request);
  const inOnePlace = !request.query.has('access_token') && !request.query.has('accessToken');
  const subject = context.ledger.readAccessToken((inOnePlace && presented) || '');
  if (typeof subject === 'string') return refuse(context, 'token');
  const data = [
    { code: 'DE', name: 'Germany' },
    { code: 'UA', name: 'Ukraine' },
    { code: 'US', name: 'United States' },
  ];
  return json(200, { status: 200, data }, 'served');
}
