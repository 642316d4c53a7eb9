/**
 * The second half of the redirect flow: judges the provider's answer and makes the grant live.
 *
 * The order is the defence: shape, take, client, issuer, error, exchange.
 *
 * @module
 */
import { isFault } from '../fault.ts';
import { type ClientName, isClientName, keyText } from '../names.ts';
import {
  type AuthorizationError,
  type AuthorizationResponse,
  judgeIssuer,
  readCallback,
} from '../oauth/authorization-response.ts';
import { describeFailure } from '../problem.ts';
import type { Client } from '../providers/client.ts';
import { Secret } from '../secret.ts';
import { later, seconds } from '../time.ts';
import { cookieLabel } from './begin-authorization.ts';
import { noteNewerSecret } from './client-secrets.ts';
import {
  type EstablishPorts,
  establishConnection,
  type NewGrant,
  prepareConnection,
} from './establish-connection.ts';
import { type ExchangePorts, exchangeCode } from './exchange-code.ts';
import { readySeals } from './kept-answer.ts';
import { hashToken } from './one-time-token.ts';
import { patiently } from './patiently.ts';
import type { AuthorizationPlan, ClientRegistry, Log, RandomToken, SessionStore } from './ports.ts';
import { withCurrentClient } from './with-current-client.ts';

/** What a last try may take: a call to a store gives up after three tries of a second each. */
const tryMs = 4000;

interface Ports extends EstablishPorts, ExchangePorts {
  readonly sessions: SessionStore;
  readonly clients: ClientRegistry;
  readonly randomToken: RandomToken;
  readonly log: Log;
}

/** Why a flow failed, in the words that a return URL may carry. A fixed list of the interface. */
export type ReturnError =
  | AuthorizationError
  | 'expired'
  | 'account_mismatch'
  | 'exchange_failed'
  | 'server_error';

/** Where the flow was begun from, for the way back. */
interface Origin {
  readonly plan: AuthorizationPlan;
  /** What the provider is called, by its definition. */
  readonly providerTitle: string;
  /** Names the cookie, which is of no more use. */
  readonly cookieLabel: string;
}

export type AuthorizationEnding =
  | (Origin & { readonly status: 'connected' })
  /** Held until the application confirms who is there; the completion goes to its return URL. */
  | (Origin & { readonly status: 'confirm'; readonly completion: Secret<'completion'> })
  | (Origin & { readonly status: 'denied'; readonly error: 'access_denied' })
  | (Origin & { readonly status: 'failed'; readonly error: ReturnError })
  /** Answered before, expired, not begun in this browser, or never sent: nothing was touched. */
  | { readonly status: 'not_pending' }
  /** Not an authorization response at all. */
  | { readonly status: 'malformed' };

/** What the browser brought. All of it untrusted. */
export interface CallbackVisit {
  readonly client: string | undefined;
  readonly rawQueryString: string;
  /** The cookies of pending authorizations, by their label. */
  readonly cookies: ReadonlyMap<string, string>;
}

/** How long the application may take to confirm. */
const confirmSeconds = seconds(10 * 60);

/**
 * Completes the authorization that a browser brings back.
 *
 * Once the code is exchanged the grant exists at the provider, and storing it is tried until the
 * time is over.
 *
 * @param deadlineMs - when the browser has to be answered, on the monotonic clock.
 * @returns every ending; none is an exception but for our own stores' failure before the take.
 * @throws {Fault} `STORE_UNAVAILABLE`: nothing was consumed, and the browser may reload.
 */
export async function completeAuthorization(
  ports: Ports,
  visit: CallbackVisit,
  deadlineMs: number,
): Promise<AuthorizationEnding> {
  // Without a cookie of ours nothing can match, so nothing is looked up for a stranger.
  if (!isClientName(visit.client) || visit.cookies.size === 0) return { status: 'not_pending' };
  const client = await readClient(ports, visit.client);
  if (!client) return { status: 'not_pending' };
  const response = readShape(visit, client);
  if (!response) return { status: 'malformed' };

  const state = response.state.reveal();
  const label = cookieLabel(state);
  const cookie = visit.cookies.get(label);
  if (cookie === undefined) return { status: 'not_pending' };
  // What can fail here without the provider fails while the browser may still reload.
  await readySeals(ports);
  const now = ports.clock.now();
  const taken = await ports.sessions.takeAuthorization(hashToken(state), hashToken(cookie), now);
  if (!taken) return { status: 'not_pending' };
  return judgeResponse(ports, {
    client,
    plan: taken.plan,
    cookieLabel: label,
    response,
    cookie: new Secret('cookie', cookie),
    deadlineMs,
  });
}

interface Taken {
  readonly client: Client;
  readonly plan: AuthorizationPlan;
  readonly cookieLabel: string;
  readonly response: AuthorizationResponse;
  readonly cookie: Secret<'cookie'>;
  readonly deadlineMs: number;
}

async function judgeResponse(ports: Ports, taken: Taken): Promise<AuthorizationEnding> {
  const { client, plan, cookieLabel, response } = taken;
  const origin = { plan, providerTitle: client.definition.title, cookieLabel };
  const failed = (error: ReturnError) => ({ status: 'failed', error, ...origin }) as const;
  if (plan.client !== client.name || judgeIssuer(plan.issuer, response.issuer) === 'mismatch') {
    ports.log.warn('authorization_mixed_up', {
      connection: keyText(plan),
      client: client.name,
      issuerDeclared: plan.issuer,
      issuerSent: response.issuer !== undefined,
      advice: 'compare authorize.issuer of the definition with what the provider sends as iss',
    });
    return failed('invalid_response');
  }
  const { answer } = response;
  if (answer.outcome === 'refused') {
    const { error, stated } = answer;
    ports.log.warn('authorization_refused', { connection: keyText(plan), error, stated });
    return error === 'access_denied' ? { status: 'denied', error, ...origin } : failed(error);
  }
  try {
    const exchanged = await withCurrentClient(ports.clients, plan.client, async (current) => ({
      ...taken,
      client: current,
      ...(await exchangeCode(ports, { ...taken, client: current }, answer)),
    }));
    const keep = async () =>
      plan.confirm ? holdForConfirmation(ports, exchanged) : goLive(ports, exchanged);
    const leftMs = () => taken.deadlineMs - ports.clock.monotonicMs() - tryMs;
    const live = await patiently(ports, { key: plan, leftMs }, keep);
    if (exchanged.provesNewer) await noteNewerSecret(ports, exchanged.client);
    return { ...live, ...origin };
  } catch (error) {
    // The state is spent, so to reload is of no use: even what nobody foresaw ends in an answer.
    ports.log.error('connect_failed', { connection: keyText(plan), ...describeFailure(error) });
    return failed((isFault(error) && returnErrors[error.code]) || 'server_error');
  }
}

const returnErrors: Readonly<Record<string, ReturnError>> = {
  ACCOUNT_MISMATCH: 'account_mismatch',
  CREDENTIALS_REFUSED: 'exchange_failed',
  PROVIDER_REFUSED_REQUEST: 'exchange_failed',
  PROVIDER_ANSWER_INVALID: 'exchange_failed',
  PROVIDER_UNAVAILABLE: 'provider_unavailable',
  CLIENT_REFUSED: 'client_refused',
  CLIENT_CHANGED: 'client_refused',
};

interface Exchanged extends Taken {
  readonly grant: NewGrant;
}

async function goLive(ports: Ports, { client, plan, grant }: Exchanged) {
  await establishConnection(ports, client, grant);
  ports.log.info('connected', { connection: keyText(plan), provider: client.definition.name });
  return { status: 'connected' } as const;
}

async function holdForConfirmation(ports: Ports, { client, plan, grant }: Exchanged) {
  const existing = await ports.connections.read(plan);
  const expiresAt = later(ports.clock.now(), confirmSeconds);
  // Above every fence that refreshes of the old grant can be given until the confirmation.
  const fence = Math.max((existing?.fence ?? 0) + 1, expiresAt * 1000);
  const prepared = await prepareConnection(ports, client, { grant, existing, fence });
  const completion = new Secret('completion', ports.randomToken());
  await ports.connections.holdPending({
    ...prepared,
    completionHash: hashToken(completion.reveal()),
    expiresAt,
    allowAccountSwitch: plan.allowAccountSwitch,
  });
  return { status: 'confirm', completion } as const;
}

async function readClient(ports: Ports, name: ClientName): Promise<Client | undefined> {
  try {
    return await ports.clients.read(name);
  } catch (error) {
    if (isFault(error) && error.code === 'UNKNOWN_CLIENT') return undefined;
    throw error;
  }
}

function readShape(visit: CallbackVisit, client: Client): AuthorizationResponse | undefined {
  const callback = client.definition.authorize?.callback ?? { names: {}, values: {} };
  try {
    return readCallback(visit.rawQueryString, callback);
  } catch (error) {
    if (isFault(error) && error.code === 'REQUEST_INVALID') return undefined;
    throw error;
  }
}
