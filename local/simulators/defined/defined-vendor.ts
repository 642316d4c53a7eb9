/**
 * A simulated provider made of a definition alone.
 *
 * It takes what the definition says that the provider takes, and answers as the definition says that
 * the provider answers. So it shows whether a definition says what its author meant; whether that is
 * what the provider does, only the provider knows.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import type { Definition } from '../../../lib/providers/definition.ts';
import { fillTemplate } from '../../../lib/providers/params.ts';
import { authorizeRoute } from '../authorize-endpoint.ts';
import { demoAccounts } from '../demo-accounts.ts';
import { type CommonSettings, commonSettings } from '../settings.ts';
import { json, plain, type Reply, type SimulatedRequest } from '../simulated-http.ts';
import type { Route, Vendor } from '../vendor.ts';
import { type DefinedProvider, standInPath } from './defined-provider.ts';
import { hasFixed } from './defined-request.ts';
import { type DefinedContext, tokenRoutes } from './defined-token.ts';
import { aboutTokenRoutes } from './defined-token-state.ts';

const token = () => randomBytes(32).toString('base64url');
const dayInSeconds = 86_400;

/** The simulation of one definition. */
export function buildDefinedVendor({ name, client }: DefinedProvider): Vendor<CommonSettings> {
  const challenges = new Map<string, string>();
  const { definition } = client;
  return {
    name,
    settings: v.strictObject(commonSettings),
    defaults: defaultsOf(definition),
    mint: { accessToken: token, refreshToken: token },
    unknownPath: json(404, { error: 'not_found' }, 'not_found'),
    routes: (context) => {
      const own = { ...context, client, challenges };
      return { ...authorizeRoutes(own), ...tokenRoutes(own), ...aboutTokenRoutes(own) };
    },
    elsewhere: (context, path) => apiRoute({ ...context, client, challenges }, path),
  };
}

/** What is not declared is taken to be at its worst, as the broker does: a refresh token works once. */
function defaultsOf({ rotation, lifetimes }: Definition): CommonSettings {
  const refreshSeconds = lifetimes.refresh_token_seconds ?? lifetimes.refresh_token_idle_seconds;
  return {
    access_token_seconds: lifetimes.access_token_seconds ?? 3600,
    refresh_token_seconds: refreshSeconds ?? 30 * dayInSeconds,
    code_seconds: 300,
    rotation: rotation === 'undeclared' ? 'strict' : rotation,
    reported_expiry: 'given',
    refresh_ends_access_token: false,
  };
}

function authorizeRoutes(context: DefinedContext): Readonly<Record<string, Route>> {
  const { client, challenges } = context;
  const { authorize, title, name } = client.definition;
  if (!authorize?.url) return {};
  const { names, pkce, callback, issuer } = authorize;
  const challengeName = names.code_challenge ?? 'code_challenge';
  const values = Object.entries(callback.values).map(([ours, theirs]) => [theirs, `demo-${ours}`]);
  const route = authorizeRoute(
    {
      vendor: name,
      title,
      names: {
        clientId: names.client_id || 'client_id',
        state: names.state ?? 'state',
        ...(names.redirect_uri === false
          ? {}
          : { redirectUri: names.redirect_uri ?? 'redirect_uri' }),
        ...(names.response_type === false
          ? {}
          : { responseType: names.response_type ?? 'response_type' }),
      },
      stateRequired: true,
      callback: {
        code: callback.names.code ?? 'code',
        state: callback.names.state ?? 'state',
      },
      further: {
        ...Object.fromEntries(values),
        ...(issuer === undefined ? {} : { iss: fillTemplate(client, {}, issuer) }),
      },
      denial: { [callback.names.error ?? 'error']: 'access_denied' },
      lacks: (query) =>
        hasFixed(client, authorize.params, (param) => query.get(param)) &&
        (!pkce || query.has(challengeName))
          ? undefined
          : 'parameter',
      issued: (code, query) => challenges.set(code, query.get(challengeName) ?? ''),
      refuse: (problem) =>
        plain(400, `The authorization request is not valid: ${problem}`, problem),
    },
    context,
  );
  return { [standInPath(client, authorize.url)]: route };
}

/** Whatever lies below the API's base address: it tells whose token it was called with. */
function apiRoute(context: DefinedContext, path: string): Route | undefined {
  const base = context.client.definition.api.base_url;
  if (base === undefined) return undefined;
  const root = standInPath(context.client, base).replace(/\/$/, '');
  if (path !== root && !path.startsWith(`${root}/`)) return undefined;
  return { kind: 'api', answer: (request) => answerApi(context, request) };
}

function answerApi({ client, ledger }: DefinedContext, request: SimulatedRequest): Reply {
  const presented = readPresented(client.definition, request);
  const subject = presented === undefined ? 'unknown' : ledger.readAccessToken(presented);
  if (typeof subject === 'string') {
    const refusal = json(401, { error: 'invalid_token' }, subject);
    return { ...refusal, headers: { ...refusal.headers, 'www-authenticate': 'Bearer' } };
  }
  const account = demoAccounts.find(({ id }) => id === subject.accountId);
  const { id, name, email } = account ?? demoAccounts[0];
  return json(200, { account: { id, name, email } }, 'served');
}

/** The token, from the one place that the definition names (RFC 6750 §2). */
function readPresented({ api }: Definition, request: SimulatedRequest): string | undefined {
  const { header, query, token_in } = api;
  const inQuery = request.query.get(query.name) ?? undefined;
  const inHeader = request.headers[header.name.toLowerCase()];
  if (token_in === 'query') return inHeader === undefined ? inQuery : undefined;
  const start = header.scheme === '' ? '' : `${header.scheme} `;
  if (inQuery !== undefined || !inHeader?.startsWith(start)) return undefined;
  return inHeader.slice(start.length);
}
