/**
 * Everything around one refresh, in memory: a connection with a refresh token and an access token,
 * a provider that answers as a test says, and a clock that stands at the hour of its refresh.
 *
 * @module
 */
import type { Connection, StoredToken } from '../../lib/broker/ports.ts';
import { refreshConnection } from '../../lib/broker/refresh-connection.ts';
import type { RefreshCause } from '../../lib/broker/refresh-need.ts';
import type { RefreshPorts } from '../../lib/broker/refresh-replies.ts';
import type { RefreshTiming } from '../../lib/broker/refresh-timing.ts';
import {
  type RenewalCredential,
  renewalKinds,
  writeRenewalCredential,
} from '../../lib/broker/renewal-credential.ts';
import { Fault } from '../../lib/fault.ts';
import type { TokenAnswer, TokenOutcome, TokenRequest } from '../../lib/oauth/token-endpoint.ts';
import type { Client } from '../../lib/providers/client.ts';
import type { DefinitionInput } from '../../lib/providers/definition.ts';
import { Secret } from '../../lib/secret.ts';
import { seconds } from '../../lib/time.ts';
import { aClient, aDefinition } from './clients.ts';
import { aConnection, aKey, aStoredToken, at } from './connections.ts';
import { memoryClientRegistry } from './memory-client-registry.ts';
import { memoryClientStore } from './memory-client-store.ts';
import { memoryConnectionStore } from './memory-connection-store.ts';
import { memoryRecoveryQueue } from './memory-queues.ts';
import { memoryTokenStore } from './memory-token-store.ts';
import { movingClock } from './moving-clock.ts';
import { recordingLog } from './recording-log.ts';
import { sealedText, transparentSealer } from './transparent-sealer.ts';

export const timing: RefreshTiming = {
  leaseSeconds: seconds(30),
  providerTimeoutSeconds: seconds(10),
  storeWriteSeconds: seconds(5),
  clockSkewSeconds: seconds(5),
  recoveryDelaySeconds: seconds(120),
};

/** When the connection is to be refreshed, and where the clock stands. */
export const dueAt = at(3000);

export const due: RefreshCause = { kind: 'due', refreshAt: dueAt };
export const demand: RefreshCause = { kind: 'demand', seenFence: 1 };

/** What the provider says; the last one again when it is asked more often. */
export type Answering = readonly TokenOutcome[] | ((request: TokenRequest) => TokenOutcome);

export interface WorldSetup {
  readonly row?: Partial<Connection>;
  /** False: nothing was ever published. */
  readonly token?: Partial<StoredToken> | false;
  readonly credential?: RenewalCredential;
  readonly definition?: Partial<DefinitionInput>;
  readonly client?: Partial<Client>;
  readonly answers?: Answering;
}

export const refreshToken = (value: string) => new Secret('refresh_token', value);
export const oldCredential: RenewalCredential = { refreshToken: refreshToken('refresh-1') };
export const passwordCredential: RenewalCredential = {
  resourceOwner: { username: 'ann', password: new Secret('password', 'correct-horse') },
};

/** A success: `access-2` for an hour and, unless it is undefined, a new refresh token. */
export function granted(
  newRefreshToken: string | undefined = 'refresh-2',
  overrides: Partial<TokenAnswer> = {},
): TokenOutcome {
  const answer: TokenAnswer = {
    accessToken: new Secret('access_token', 'access-2'),
    tokenType: 'Bearer',
    expiresAt: at(6600),
    expirySource: 'expires_in',
    values: {},
    obtainedAt: dueAt,
    ...(newRefreshToken !== undefined && { refreshToken: refreshToken(newRefreshToken) }),
    ...overrides,
  };
  return { outcome: 'granted', answer };
}

/** A success without a new refresh token. */
export function grantedWithoutRotation(overrides: Partial<TokenAnswer> = {}): TokenOutcome {
  const { outcome, answer } = granted(undefined, overrides) as {
    outcome: 'granted';
    answer: TokenAnswer;
  };
  const { refreshToken: _none, ...rest } = answer;
  return { outcome, answer: rest };
}

export const refused: TokenOutcome = { outcome: 'grant_refused' };
export const timedOut: TokenOutcome = {
  outcome: 'unavailable',
  trouble: 'timeout',
  undecided: true,
};
export const notSent: TokenOutcome = {
  outcome: 'unavailable',
  trouble: 'network',
  undecided: false,
};

export const storeDown = () =>
  new Fault('STORE_UNAVAILABLE', { store: 'connections', operation: 'test' });

export function refreshWorld(setup: WorldSetup = {}) {
  const { answers = [granted()] } = setup;
  const clock = movingClock(dueAt);
  const connections = memoryConnectionStore([worldRow(setup)]);
  const tokens = memoryTokenStore(...worldToken(setup));
  const definition = aDefinition({ rotation: 'strict', ...setup.definition });
  const clients = memoryClientRegistry(aClient({ definition, ...setup.client }));
  const clientStatus = memoryClientStore();
  const recovery = memoryRecoveryQueue();
  const log = recordingLog();
  const calls: TokenRequest[] = [];
  const ports: RefreshPorts = {
    connections,
    tokens,
    clients,
    clientStatus,
    recovery,
    clock,
    timing,
    sealer: transparentSealer(),
    random: () => 0.5,
    randomToken: ownerNames(),
    log,
    count: log.count,
    introspectExpiry: async () => undefined,
    requestToken: async (_client, request) => {
      calls.push(request);
      const outcome =
        typeof answers === 'function'
          ? answers(request)
          : (answers[calls.length - 1] ?? answers.at(-1));
      if (!outcome) throw new Error('the provider was not expected to be asked');
      return outcome;
    },
  };
  return {
    log,
    counted: log.counted,
    ports,
    clock,
    connections,
    tokens,
    clients,
    clientStatus,
    recovery,
    calls,
    /** Refreshes `acme/ann`, with a minute to do it unless said otherwise. */
    refresh: (
      cause: RefreshCause = due,
      over: Partial<RefreshPorts> & { leftMs?: number } = {},
    ) => {
      const { leftMs = 60_000, ...other } = over;
      return refreshConnection({ ...ports, ...other }, aKey(), {
        cause,
        deadlineMs: clock.monotonicMs() + leftMs,
      });
    },
    /** The connection as it is now. */
    row: () => {
      const row = connections.rows.get('acme/ann');
      if (row?.state === 'revoked') throw new Error('deleted');
      return row as Connection;
    },
    /** The token as it is now. */
    token: () => tokens.rows.get('acme/ann') as StoredToken,
    /** The renewal credential that the row holds now, as text. */
    credential: () => {
      const row = connections.rows.get('acme/ann') as Connection;
      return transparentSealer().open(
        'renewal',
        { ...aKey(), fence: row.credentialFence },
        row.sealedCredential ?? '',
      );
    },
  };
}

function ownerNames(): () => string {
  let owners = 0;
  return () => {
    owners += 1;
    return `owner-${owners}`;
  };
}

function worldRow({ row = {}, credential = oldCredential }: WorldSetup): Connection {
  const fence = row.credentialFence ?? row.fence ?? 1;
  const kinds = renewalKinds(credential);
  const { sealedCredential: _none, ...bare } = aConnection({ renewal: kinds, ...row });
  if (kinds.length === 0) return bare;
  const text = writeRenewalCredential(credential);
  return {
    ...bare,
    sealedCredential: row.sealedCredential ?? sealedText('renewal', { ...aKey(), fence }, text),
  };
}

function worldToken({ token = {} }: WorldSetup): readonly StoredToken[] {
  if (token === false) return [];
  const fence = token.fence ?? 1;
  const sealed = sealedText('access_token', { ...aKey(), fence }, `access-${fence}`);
  return [aStoredToken({ sealed, ...token })];
}
