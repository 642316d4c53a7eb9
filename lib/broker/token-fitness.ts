/**
 * Whether a stored token is what a caller asks for.
 *
 * @module
 */
import type { Secret } from '../secret.ts';
import type { Clock, Seconds } from '../time.ts';
import type { Sealer, StoredToken } from './ports.ts';
import { isRecentlyRejected, isRejected, type Rejection } from './rejected-token.ts';
import type { OpenToken } from './token-cache.ts';
import { openStoredToken } from './token-seal.ts';

/**
 * Names an opened token in the log, so that it is known again there. Without the key ring nobody
 * can tell which token a name belongs to, nor test a guess.
 *
 * @param sealed - the value that the token was opened from.
 * @throws {Fault} as `Sealer.open` does.
 */
export type FingerprintToken = (
  sealed: string,
  accessToken: Secret<'access_token'>,
) => Promise<string>;

/** What opening a token takes. */
export interface OpeningPorts {
  readonly sealer: Pick<Sealer, 'open' | 'ready'>;
  readonly fingerprint: FingerprintToken;
  readonly clock: Clock;
}

/**
 * Opens a stored token that is alive. One that has ended is of no use to anybody.
 *
 * @returns undefined where the row has none that is alive.
 * @throws {Fault} `SEALED_VALUE_INVALID`, also when what the row says beside it was altered.
 */
export async function openToken(
  { sealer, fingerprint, clock }: OpeningPorts,
  token: StoredToken,
): Promise<OpenToken | undefined> {
  const { sealed } = token;
  const accessToken = isAlive(clock, token) ? await openStoredToken(sealer, token) : undefined;
  if (sealed === undefined || accessToken === undefined) return undefined;
  return { token, accessToken, fingerprint: await fingerprint(sealed, accessToken) };
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
  const isGuarded = isTooEarly(clock, open.token) || isRecentlyRejected(clock, request, open);
  return isGuarded ? 'serve_as_recent' : 'refresh';
}

function livesLongEnough(
  clock: Clock,
  { minTtlSeconds }: { readonly minTtlSeconds: Seconds },
  { token: { expiresAt, obtainedAt } }: OpenToken,
): boolean {
  if (expiresAt === undefined) return true;
  const halfLife = Math.floor((expiresAt - obtainedAt) / 2);
  return expiresAt - clock.now() >= Math.min(minTtlSeconds, halfLife);
}
