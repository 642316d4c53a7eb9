/**
 * Whether a stored token is what a caller asks for.
 *
 * @module
 */
import { Secret } from '../secret.ts';
import type { Clock, Seconds } from '../time.ts';
import type { Sealer, StoredToken } from './ports.ts';
import { isRecentlyRejected, isRejected, type Rejection } from './rejected-token.ts';
import type { OpenToken } from './token-cache.ts';

/** Opens a stored token; undefined where the row has none yet. @throws `SEALED_VALUE_INVALID` */
export async function openToken(
  { sealer }: { readonly sealer: Pick<Sealer, 'open'> },
  token: StoredToken,
): Promise<OpenToken | undefined> {
  if (!token.sealed) return undefined;
  const { client, connection, fence, sealed } = token;
  const opened = await sealer.open('access_token', { client, connection, fence }, sealed);
  return { token, accessToken: new Secret('access_token', opened) };
}

/** Whether a token has not ended, as far as is known. */
export function isAlive(clock: Clock, token: StoredToken): boolean {
  return token.expiresAt === undefined || token.expiresAt > clock.now();
}

/** Whether the provider would refuse to refresh a token yet: a definition's `lifetimes` say so. */
export function isTooEarly(clock: Clock, { refreshNotBefore }: StoredToken): boolean {
  return refreshNotBefore !== undefined && clock.now() < refreshNotBefore;
}

/**
 * Whether a token answers a request as it is, or a newer one has to be had. `serve_as_recent`: it
 * falls short, and yet is not to be refreshed so soon after the last time.
 *
 * @param request - asks for a least life; of a short-lived token half its life is enough.
 */
export function judge(
  clock: Clock,
  request: Rejection & { readonly minTtlSeconds: Seconds },
  open: OpenToken,
): 'serve' | 'serve_as_recent' | 'refresh' {
  if (!isAlive(clock, open.token)) return 'refresh';
  const rejected = isRejected(request, open);
  if (!rejected && livesLongEnough(clock, request, open)) return 'serve';
  const isGuarded =
    isTooEarly(clock, open.token) || (rejected && isRecentlyRejected(clock, request, open));
  return isGuarded ? 'serve_as_recent' : 'refresh';
}

function livesLongEnough(
  clock: Clock,
  { minTtlSeconds }: { readonly minTtlSeconds: Seconds },
  { token: { expiresAt, obtainedAt } }: OpenToken,
): boolean {
  if (expiresAt === undefined) return true;
  const halfLife = Math.max(0, Math.floor((expiresAt - obtainedAt) / 2));
  return expiresAt - clock.now() >= Math.min(minTtlSeconds, halfLife);
}
