/**
 * Everything around one vend, in memory: a stored token, a refresh that ends as a test says, and a
 * clock that stands where the token was obtained.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { RefreshReply, RefreshRequest, StoredToken } from '../../lib/broker/ports.ts';
import { tokenCache } from '../../lib/broker/token-cache.ts';
import { unknownConnections } from '../../lib/broker/unknown-connections.ts';
import { vendAccessToken } from '../../lib/broker/vend-access-token.ts';
import type { VendPorts, VendRequest } from '../../lib/broker/vended-token.ts';
import type { ConnectionKey } from '../../lib/names.ts';
import { seconds } from '../../lib/time.ts';
import { aKey, aStoredToken, at } from './connections.ts';
import { interposed } from './interposed.ts';
import { memoryRefreshInvoker } from './memory-refresh-invoker.ts';
import { memoryTokenStore } from './memory-token-store.ts';
import { movingClock } from './moving-clock.ts';
import { keylessFingerprints, sealedText, transparentSealer } from './transparent-sealer.ts';

type Refreshing = (
  request: RefreshRequest,
) => RefreshReply | 'busy' | undefined | Promise<RefreshReply | 'busy' | undefined>;

export interface VendSetup {
  /** False: nothing was ever published. */
  readonly token?: Partial<StoredToken> | false;
  readonly refresh?: Refreshing;
}

/** A token whose value is `access-{fence}`, sealed for its row. */
export function aSealedToken(
  overrides: Partial<StoredToken> = {},
  key: ConnectionKey = aKey(),
): StoredToken {
  const { fence = 1 } = overrides;
  const sealed = sealedText('access_token', { ...key, fence }, `access-${fence}`);
  return aStoredToken({ ...key, sealed, ...overrides });
}

/** The token that a refresh brings: `access-2`, for an hour from `obtained` on. */
export function aNewerToken(obtained = 3600): StoredToken {
  return aSealedToken({ fence: 2, obtainedAt: at(obtained), expiresAt: at(obtained + 3600) });
}

export const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');

export function vendWorld({ token = {}, refresh }: VendSetup = {}) {
  const clock = movingClock();
  const stored = token === false ? [] : [aSealedToken(token)];
  const tokens = memoryTokenStore(...stored);
  const reads: string[] = [];
  let claimers = 0;
  const refresher = memoryRefreshInvoker(async (request) => {
    if (!refresh) throw new Error('no refresh was expected');
    return refresh(request);
  });
  const ports: VendPorts = {
    tokens: interposed(tokens, (method, call) => {
      reads.push(method);
      return call();
    }),
    refresher,
    clock,
    sealer: transparentSealer(),
    fingerprint: keylessFingerprints,
    cache: tokenCache(),
    unknownConnections: unknownConnections(),
    random: () => 0.5,
    randomToken: () => {
      claimers += 1;
      return `claimer-${claimers}`;
    },
  };
  return {
    ports,
    clock,
    tokens,
    /** The store's methods that were called. */
    asked: reads,
    refreshes: refresher.requests,
    vend: (request: Partial<VendRequest> = {}, over: Partial<VendPorts> = {}) =>
      vendAccessToken(
        { ...ports, ...over },
        { ...aKey(), minTtlSeconds: seconds(60), maxWaitSeconds: seconds(10), ...request },
      ),
  };
}
