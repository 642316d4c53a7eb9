import { beginAuthorization } from '../../lib/broker/begin-authorization.ts';
import { beginConnection } from '../../lib/broker/begin-connection.ts';
import {
  type AuthorizationEnding,
  completeAuthorization,
} from '../../lib/broker/complete-authorization.ts';
import { connectDirectly, type DirectGrant } from '../../lib/broker/connect-directly.ts';
import { disconnect } from '../../lib/broker/disconnect.ts';
import { isLive } from '../../lib/broker/establish-connection.ts';
import type { Connection, RefreshReply } from '../../lib/broker/ports.ts';
import { refreshConnection } from '../../lib/broker/refresh-connection.ts';
import type { RefreshTiming } from '../../lib/broker/refresh-timing.ts';
import { readRenewalCredential } from '../../lib/broker/renewal-credential.ts';
import { revokeTokens } from '../../lib/broker/revoke-tokens.ts';
import { tokenCache } from '../../lib/broker/token-cache.ts';
import { unknownConnections } from '../../lib/broker/unknown-connections.ts';
import { vendAccessToken } from '../../lib/broker/vend-access-token.ts';
import type { VendedToken } from '../../lib/broker/vended-token.ts';
import type { ProviderRequest } from '../../lib/oauth/transport.ts';
import type { JsonObject } from '../../lib/providers/merge-patch.ts';
import { resolveClient } from '../../lib/providers/resolve-client.ts';
import { seconds } from '../../lib/time.ts';
import { aKey } from '../support/connections.ts';
import { memoryRefreshInvoker } from '../support/memory-refresh-invoker.ts';
import { keylessFingerprints } from '../support/transparent-sealer.ts';
import { type Decision, visitServer } from './a-resource-owner.ts';
import { type BrokerPorts, buildPorts } from './broker-ports.ts';

const key = aKey();

/** A visit to the authorization endpoint, up to the moment at which the browser has to go there. */
export interface Departure {
  readonly location: string;
  readonly cookies: ReadonlyMap<string, string>;
}

export type Broker = ReturnType<typeof aBroker>;

/**
 * The use cases as the functions wire them, for the connection `acme/ann`: the real protocol over
 * real HTTP, the real sealer, and stores in memory.
 *
 * @param registration - of the client `acme`, as its operator writes it.
 */
export function aBroker(registration: JsonObject) {
  const ports = buildPorts();
  let version = 0;
  const register = (next: JsonObject) => {
    version += 1;
    ports.clients.put(resolveClient(key.client, JSON.stringify(next), `version-${version}`));
  };
  register(registration);
  const flow = redirectFlow(ports);
  return {
    ...ports,
    ...flow,
    ...key,
    /** Writes the registration anew. */
    register,
    /** The whole redirect flow, from the caller's request to the callback. */
    connect: async (decision: Decision = 'consent') => {
      const departure = await flow.depart();
      return flow.arrive(await visitServer(departure.location, decision), departure);
    },
    connectDirectly: (grant: Omit<Extract<DirectGrant, { by: 'password' }>, keyof typeof key>) =>
      connectDirectly(ports, { ...key, ...grant }),
    connectAsClient: () => connectDirectly(ports, { ...key, by: 'client_credentials' }),
    refresh: (timing: Partial<RefreshTiming> = {}) =>
      refresh({ ...ports, timing: { ...ports.timing, ...timing } }),
    vend: () => vend(ports),
    /** Ends the connection, and does what the revoke queue then says. */
    disconnect: async () => {
      await disconnect(ports, key);
      for (const message of ports.revocations.sent) await revokeTokens(ports, message);
    },
    /** The connection as stored. */
    row: () => readRow(ports),
    /** The refresh token as stored, opened. */
    refreshToken: () => openRefreshToken(ports),
    /** The requests that were sent with this grant so far. */
    requestsOf: (grantType: string) => ports.requests.filter(presents(grantType)),
  };
}

const presents =
  (grantType: string) =>
  ({ body }: ProviderRequest) =>
    new URLSearchParams(body).get('grant_type') === grantType;

function redirectFlow(ports: BrokerPorts) {
  return {
    /** From the caller's request to the redirect that leaves for the server. */
    depart: async (): Promise<Departure> => {
      const request = { ...key, confirm: false, allowAccountSwitch: false };
      const { authorizeUrl } = await beginConnection(ports, request);
      const session = new URL(authorizeUrl).searchParams.get('session') ?? undefined;
      const beginning = await beginAuthorization(ports, session);
      if (beginning.outcome !== 'redirect') throw new Error(beginning.outcome);
      const { location, cookie } = beginning;
      return { location, cookies: new Map([[cookie.label, cookie.value.reveal()]]) };
    },
    /** The callback, with what the server sent the browser back with. */
    arrive: (callbackUrl: string, { cookies }: Departure): Promise<AuthorizationEnding> =>
      completeAuthorization(
        ports,
        { client: key.client, rawQueryString: new URL(callbackUrl).search.slice(1), cookies },
        ports.clock.monotonicMs() + 28_000,
      ),
  };
}

/** As a caller would have it who holds the current token. */
async function refresh(ports: BrokerPorts, seenFence?: number): Promise<RefreshReply> {
  const token = await ports.tokens.read(key, true);
  const seen = seenFence ?? token?.fence;
  return refreshConnection(ports, key, {
    cause: { kind: 'demand', ...(seen !== undefined && { seenFence: seen }) },
    deadlineMs: ports.clock.monotonicMs() + 60_000,
  });
}

function vend(ports: BrokerPorts): Promise<VendedToken> {
  return vendAccessToken(
    {
      ...ports,
      refresher: memoryRefreshInvoker(({ seenFence }) => refresh(ports, seenFence)),
      cache: tokenCache(),
      fingerprint: keylessFingerprints,
      unknownConnections: unknownConnections(),
    },
    { ...key, minTtlSeconds: seconds(60), maxWaitSeconds: seconds(10) },
  );
}

async function readRow({ connections }: BrokerPorts): Promise<Connection> {
  const row = await connections.read(key);
  if (!isLive(row)) throw new Error('there is no such connection');
  return row;
}

async function openRefreshToken(ports: BrokerPorts): Promise<string | undefined> {
  const { sealedCredential, credentialFence: fence } = await readRow(ports);
  if (sealedCredential === undefined) return undefined;
  const text = await ports.sealer.open('renewal', { ...key, fence }, sealedCredential);
  return readRenewalCredential(text).refreshToken?.reveal();
}
