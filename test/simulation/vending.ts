import type { VendedToken, VendRequest } from '../../lib/broker/vended-token.ts';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import type { Functions } from './functions.ts';
import { staleMs } from './observed-stores.ts';
import type { World } from './world.ts';

/** How long a warm container may hand out a token that is gone. */
const cacheMs = 30_000;

/** Vends, and looks whether what is vended, or withheld, is right. */
export async function watchedVend(
  world: World,
  functions: Functions,
  request: VendRequest,
): Promise<void> {
  const begunAtMs = world.timeline.elapsedMs();
  const livingBefore = livingToken(world, request);
  try {
    const vended = await functions.vend(request);
    assertRight(world, request, { vended, begunAtMs });
  } catch (error) {
    const code = Reflect.get(Object(error), 'code');
    world.timeline.trace(`vend ${keyText(request)} ends with ${String(code)}`);
    const withheld = livingBefore !== undefined && livingBefore === livingToken(world, request);
    const refuses = code === 'REAUTHORIZATION_REQUIRED' || code === 'TEMPORARILY_UNAVAILABLE';
    if (withheld && refuses) {
      world.watch.violate('I5', `${keyText(request)}: a living token was withheld (${code})`);
    }
  }
}

/** The store tells the time to the second, and a network's delay comes on top. */
const toleranceSeconds = 3;

function assertRight(
  world: World,
  request: VendRequest,
  seen: { readonly vended: VendedToken; readonly begunAtMs: number },
): void {
  const { vended, begunAtMs } = seen;
  const { token, accessToken, warning } = vended;
  const key = keyText(request);
  const violate = (detail: string) => world.watch.violate('I5', `${key}: ${detail}`);
  world.timeline.trace(`vend ${key} ends with fence ${token.fence} ${warning?.code ?? ''}`);
  const grant = world.providerOf(key).grantOf(accessToken.reveal());
  if (grant?.owner !== key) violate('a token of another connection');
  const leftSeconds = (token.expiresAt ?? Number.POSITIVE_INFINITY) - world.nowAt();
  if (leftSeconds < -toleranceSeconds) violate(`expired ${-leftSeconds} s ago`);
  const halfLife = ((token.expiresAt ?? 0) - token.obtainedAt) / 2;
  const wanted = Math.min(request.minTtlSeconds, Math.floor(halfLife));
  if (!warning && leftSeconds < wanted - toleranceSeconds) {
    violate(`lives ${leftSeconds} s of ${wanted}, without a warning`);
  }
  const goneAtMs = world.disconnectedAtMs.get(key);
  const isGone = goneAtMs !== undefined && begunAtMs > goneAtMs + cacheMs + staleMs;
  if (isGone && world.stores.connectionRows.get(key)?.state === 'revoked') {
    violate('vended after it was disconnected');
  }
}

/** The stored token's fence, if it lives clearly longer than any clock may be wrong. */
function livingToken(world: World, key: ConnectionKey): number | undefined {
  const row = world.stores.tokenRows.get(keyText(key));
  if (!row || row.state === 'revoked' || !row.sealed) return undefined;
  const leftSeconds = (row.expiresAt ?? Number.POSITIVE_INFINITY) - world.nowAt();
  return leftSeconds > toleranceSeconds + 40 ? row.fence : undefined;
}
