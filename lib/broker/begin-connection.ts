import { Fault } from '../fault.ts';
import type { ConnectionKey } from '../names.ts';
import { buildAuthorizationRequest } from '../oauth/authorization-request.ts';
import type { Client } from '../providers/client.ts';
import { fillTemplate, parseConnectionParams, tokenRequestShape } from '../providers/params.ts';
import { isPlainUrl } from '../providers/plain-url.ts';
import { decideScope } from '../providers/scope.ts';
import { type Clock, type EpochSeconds, later, seconds } from '../time.ts';
import { hashToken } from './one-time-token.ts';
import { pinClient } from './pinned-client.ts';
import type { AuthorizationPlan, ClientRegistry, RandomToken, SessionStore } from './ports.ts';
import { withCurrentClient } from './with-current-client.ts';

/** How long a person may take to follow the link. */
const sessionSeconds = seconds(30 * 60);

interface Ports {
  readonly clients: ClientRegistry;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly randomToken: RandomToken;
  /** Our own origin, under which `/authorize` and `/callback/{client}` are reached. */
  readonly publicBaseUrl: string;
}

/** What an authenticated caller asks for. Names are checked; the rest is untrusted. */
export interface ConnectSessionRequest extends ConnectionKey {
  readonly scope?: string;
  readonly returnUrl?: string;
  readonly params?: unknown;
  readonly confirm: boolean;
  readonly allowAccountSwitch: boolean;
}

/**
 * Begins the redirect flow for one connection: fixes everything that the browser must not choose,
 * and answers with the link that starts it.
 *
 * Nothing is sent to the provider. The link is a bearer of the session, so it is for the resource
 * owner alone; it can be followed more than once, since link scanners follow links too.
 *
 * @throws {Fault} `UNKNOWN_CLIENT`, `REGISTRATION_INVALID`, or `REQUEST_INVALID` naming the member
 *   of the request, or of the registration, that stands in the way.
 */
export async function beginConnection(
  ports: Ports,
  request: ConnectSessionRequest,
): Promise<{ readonly authorizeUrl: string; readonly expiresAt: EpochSeconds }> {
  const planned = await withCurrentClient(ports.clients, request.client, async (client) => {
    const plan = buildPlan(ports, client, request);
    return { plan, authorization: buildAuthorizationRequest(client, plan) };
  });
  const session = ports.randomToken();
  const expiresAt = later(ports.clock.now(), sessionSeconds);
  await ports.sessions.putSession({ ...planned, sessionHash: hashToken(session), expiresAt });
  const authorizeUrl = new URL('/authorize', ports.publicBaseUrl);
  authorizeUrl.searchParams.set('session', session);
  return { authorizeUrl: authorizeUrl.href, expiresAt };
}

function buildPlan(
  ports: Ports,
  client: Client,
  request: ConnectSessionRequest,
): AuthorizationPlan {
  const { connection, returnUrl, confirm, allowAccountSwitch } = request;
  const scope = decideScope(client, request.scope);
  const params = parseConnectionParams(client, request.params);
  assertReturnUrl(client, returnUrl, confirm);
  const { authorize } = client.definition;
  return {
    client: client.name,
    connection,
    ...pinClient(client),
    tokenEndpoint: tokenRequestShape(client, 'authorization_code').url,
    redirectUri: redirectUri(ports.publicBaseUrl, client),
    params,
    confirm,
    allowAccountSwitch,
    pkce: authorize?.pkce ?? true,
    ...(authorize?.issuer !== undefined && {
      issuer: fillTemplate(client, params, authorize.issuer),
    }),
    ...(scope !== undefined && { scope }),
    ...(returnUrl !== undefined && { returnUrl }),
  };
}

/** The redirect URI of a client: one each, so that answers cannot be mixed up (RFC 9700 §4.4). */
function redirectUri(publicBaseUrl: string, client: Client): string {
  return new URL(`/callback/${client.name}`, publicBaseUrl).href;
}

/** Exact origin and path on the client's list; the query is the application's own. */
function assertReturnUrl(client: Client, returnUrl: string | undefined, confirm: boolean): void {
  const refuse = (problem: string) => new Fault('REQUEST_INVALID', { problems: [problem] });
  if (returnUrl === undefined) {
    if (confirm) throw refuse('return_url is needed with confirm: it is handed the completion');
    return;
  }
  const url = isPlainUrl(returnUrl) ? new URL(returnUrl) : undefined;
  const allowed = client.returnUrls.some((entry) => {
    const listed = new URL(entry);
    return url?.origin === listed.origin && url.pathname === listed.pathname;
  });
  if (!allowed) {
    throw refuse(`return_url is not one of return_urls in the registration of ${client.name}`);
  }
}
