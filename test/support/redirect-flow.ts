import { beginAuthorization } from '../../lib/broker/begin-authorization.ts';
import { beginConnection, type ConnectSessionRequest } from '../../lib/broker/begin-connection.ts';
import {
  type AuthorizationEnding,
  completeAuthorization,
} from '../../lib/broker/complete-authorization.ts';
import { randomToken } from '../../lib/broker/one-time-token.ts';
import type { Connection, StoredToken } from '../../lib/broker/ports.ts';
import { openStoredToken } from '../../lib/broker/token-seal.ts';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import type { Client } from '../../lib/providers/client.ts';
import { seconds } from '../../lib/time.ts';
import { aClient } from './clients.ts';
import { aKey } from './connections.ts';
import { replaceable } from './flaky.ts';
import { testSealer } from './key-rings.ts';
import { memoryClientRegistry } from './memory-client-registry.ts';
import { memoryClientStore } from './memory-client-store.ts';
import { memoryConnectionStore } from './memory-connection-store.ts';
import { memoryRevocationQueue } from './memory-queues.ts';
import { memorySessionStore } from './memory-session-store.ts';
import { memoryTokenStore } from './memory-token-store.ts';
import { movingClock } from './moving-clock.ts';
import { recordingLog } from './recording-log.ts';
import { scriptedTokenEndpoint } from './token-answers.ts';

/** Everything that connecting needs, in memory, with one client registered. */
export function connecting(client: Client = aClient()) {
  const provider = scriptedTokenEndpoint();
  return {
    provider,
    requestToken: provider.requestToken,
    introspectExpiry: async () => undefined,
    providerTimeoutSeconds: seconds(10),
    clients: replaceable(memoryClientRegistry(client)),
    clientStatus: replaceable(memoryClientStore()),
    sessions: replaceable(memorySessionStore()),
    connections: replaceable(memoryConnectionStore()),
    tokens: replaceable(memoryTokenStore()),
    revocations: replaceable(memoryRevocationQueue()),
    sealer: replaceable(testSealer()),
    clock: movingClock(),
    random: () => 0.5,
    randomToken,
    publicBaseUrl: 'https://evergrant.example.com',
    log: recordingLog(),
  };
}

export type Connecting = ReturnType<typeof connecting>;

/** A browser that has been sent to the provider. */
export interface Visit {
  readonly location: URL;
  readonly state: string;
  /** As the callback will bring it back. */
  readonly cookies: ReadonlyMap<string, string>;
}

/** Begins a connect session and answers the one-time value in its link. */
export async function beginSession(
  ports: Connecting,
  request: Partial<ConnectSessionRequest> = {},
): Promise<string> {
  const { authorizeUrl } = await beginConnection(ports, {
    ...aKey(),
    confirm: false,
    allowAccountSwitch: false,
    ...request,
  });
  return new URL(authorizeUrl).searchParams.get('session') ?? '';
}

/** Follows a session's link. */
export async function visit(ports: Connecting, session: string): Promise<Visit> {
  const beginning = await beginAuthorization(ports, session);
  if (beginning.outcome !== 'redirect') throw new Error('the session is not there');
  const location = new URL(beginning.location);
  return {
    location,
    state: location.searchParams.get('state') ?? '',
    cookies: new Map([[beginning.cookie.label, beginning.cookie.value.reveal()]]),
  };
}

/** The browser comes back from the provider. */
export function comeBack(
  ports: Connecting,
  { state, cookies }: Pick<Visit, 'state' | 'cookies'>,
  {
    query = { code: 'the-code' },
    client = 'acme',
  }: { readonly query?: Readonly<Record<string, string>>; readonly client?: string } = {},
): Promise<AuthorizationEnding> {
  const rawQueryString = new URLSearchParams({ ...query, state }).toString();
  return completeAuthorization(ports, { client, rawQueryString, cookies });
}

/** The whole redirect flow. */
export async function connectByRedirect(
  ports: Connecting,
  request: Partial<ConnectSessionRequest> = {},
): Promise<AuthorizationEnding> {
  return comeBack(ports, await visit(ports, await beginSession(ports, request)));
}

/** A connection's row, or an error. */
export function connectionOf(ports: Connecting, key: ConnectionKey = aKey()): Connection {
  const row = ports.connections.rows.get(keyText(key));
  if (!row || row.state === 'revoked') throw new Error('there is no connection');
  return row;
}

/** What a connection's rows hold, opened. */
export async function secretsOf(ports: Connecting, key: ConnectionKey = aKey()) {
  const { client, connection, credentialFence, sealedCredential } = connectionOf(ports, key);
  const token = ports.tokens.rows.get(keyText(key)) as StoredToken;
  return {
    credential:
      sealedCredential &&
      JSON.parse(
        await ports.sealer.open(
          'renewal',
          { client, connection, fence: credentialFence },
          sealedCredential,
        ),
      ),
    accessToken: (await openStoredToken(ports.sealer, token))?.reveal(),
  };
}
