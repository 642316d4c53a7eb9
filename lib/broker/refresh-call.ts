import { isFault } from '../fault.ts';
import type { TokenOutcome, TokenRequest } from '../oauth/token-endpoint.ts';
import type { Client } from '../providers/client.ts';
import { offersGrant } from '../providers/params.ts';
import type { Connection, RenewalKind } from './ports.ts';
import type { RefreshPorts } from './refresh-replies.ts';
import type { AttemptTime } from './refresh-timing.ts';
import { type RenewalCredential, readRenewalCredential } from './renewal-credential.ts';

/** One way to renew, ready to be sent. */
interface RenewalStep {
  readonly kind: RenewalKind;
  readonly request: TokenRequest;
}

/** The ways to renew a connection, best first. */
export interface RenewalPlan {
  readonly credential: RenewalCredential;
  readonly steps: readonly RenewalStep[];
}

/** How the calls of one attempt ended. */
export type CallEnding =
  /** There was not enough time left for the next call; nothing that was sent is undecided. */
  | { readonly ending: 'no_time' }
  /** The connection holds nothing to renew itself with. */
  | { readonly ending: 'no_credential' }
  | {
      readonly ending: 'called';
      /** Which way gave the outcome: the last one tried. */
      readonly kind: RenewalKind;
      readonly outcome: TokenOutcome;
      readonly credential: RenewalCredential;
      /** Every way that the provider has refused, in the order they were tried. */
      readonly refused: readonly RenewalKind[];
    };

/**
 * Opens a connection's credential and lists what can be done with it.
 *
 * @throws {Fault} `SEALED_VALUE_INVALID`, `KEY_RING_INVALID`
 */
export async function planRenewal(
  { sealer }: Pick<RefreshPorts, 'sealer'>,
  client: Client,
  row: Connection,
): Promise<RenewalPlan> {
  if (!row.sealedCredential) return { credential: {}, steps: [] };
  const binding = { client: row.client, connection: row.connection, fence: row.credentialFence };
  const credential = readRenewalCredential(
    await sealer.open('renewal', binding, row.sealedCredential),
  );
  return { credential, steps: [...renewalSteps(client, row, credential)] };
}

function* renewalSteps(
  client: Client,
  { params, scope: asked }: Connection,
  { refreshToken, resourceOwner, clientCredentials }: RenewalCredential,
): Generator<RenewalStep> {
  const scope = asked === undefined ? {} : { scope: asked };
  if (refreshToken && offersGrant(client, 'refresh_token')) {
    const kind = 'refresh_token';
    yield { kind, request: { grantType: kind, params, refreshToken } };
  }
  if (resourceOwner && offersGrant(client, 'password')) {
    const kind = 'password';
    yield { kind, request: { grantType: kind, params, ...resourceOwner, ...scope } };
  }
  if (clientCredentials && offersGrant(client, 'client_credentials')) {
    const kind = 'client_credentials';
    yield { kind, request: { grantType: kind, params, ...scope } };
  }
}

/**
 * Calls the provider: once, and once more for each further credential after the provider has
 * refused the one before it. Nothing is sent unless the answer can still be stored in time.
 */
export async function callProvider(
  ports: RefreshPorts,
  input: {
    readonly client: Client;
    readonly plan: RenewalPlan;
    readonly time: AttemptTime;
  },
): Promise<CallEnding> {
  const { client, plan, time } = input;
  const { credential } = plan;
  const refused: RenewalKind[] = [];
  let last: CallEnding = { ending: 'no_credential' };
  for (const { kind, request } of plan.steps) {
    // Without its last way tried, a connection is not dead.
    if (!time.fitsCall()) return { ending: 'no_time' };
    const timeoutMs = ports.timing.providerTimeoutSeconds * 1000;
    const outcome = await send(ports, client, request, timeoutMs);
    if (outcome.outcome === 'grant_refused') refused.push(kind);
    last = { ending: 'called', kind, outcome, credential, refused };
    if (outcome.outcome !== 'grant_refused') return last;
  }
  return last;
}

/** A request that cannot even be built, for want of a param, is one that is refused. */
async function send(
  { requestToken, log }: RefreshPorts,
  client: Client,
  ...[request, timeoutMs]: [TokenRequest, number]
): Promise<TokenOutcome> {
  try {
    return await requestToken(client, request, timeoutMs);
  } catch (error) {
    if (!isFault(error) || error.code !== 'REQUEST_INVALID') throw error;
    log.error('request_not_built', { client: client.name, context: error.context });
    return { outcome: 'request_refused', error: 'invalid_request' };
  }
}
