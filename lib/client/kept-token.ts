/**
 * Whether a token that is at hand is what a caller wants.
 *
 * @module
 */
import type { AccessToken } from './access-token.ts';
import type { TimedToken } from './ask-broker.ts';

/** What a caller wants of a token. */
export interface Wanted {
  readonly minTtlSeconds: number;
  readonly maxWaitSeconds: number;
  /** One that the API refused. */
  readonly rejected?: AccessToken | undefined;
}

/** A token that was vended. Milliseconds are of this process's wall clock. */
export interface KeptToken {
  readonly token: AccessToken;
  readonly keptAtMs: number;
  /** Infinite where nobody knows. */
  readonly endsAtMs: number;
  /** The life that it was asked for. */
  readonly askedTtlSeconds: number;
  /** Added to what is wanted, so that not all processes ask at the same moment. */
  readonly jitterMs: number;
}

/** Where nobody knows when a token ends, how long it goes unasked. */
const unknownLifeSeconds = 300;
const mostJitterMs = 60_000;
const jitterShare = 0.05;

/** @param random - from 0 to below 1. */
export function keepToken(
  { token, expiresInSeconds, askedAtMs }: TimedToken,
  { minTtlSeconds }: Wanted,
  { now, random }: { readonly now: number; readonly random: number },
): KeptToken {
  const lifeMs =
    expiresInSeconds === undefined ? Number.POSITIVE_INFINITY : expiresInSeconds * 1000;
  return {
    token,
    keptAtMs: now,
    // From when it was asked for: at most the way there and back too early, and never too late.
    endsAtMs: askedAtMs + lifeMs,
    askedTtlSeconds: minTtlSeconds,
    jitterMs: random * Math.min(mostJitterMs, jitterShare * lifeMs),
  };
}

/** The kept token, if it lives and is not the one that was refused. */
export function livingToken(
  kept: KeptToken | undefined,
  { rejected }: Wanted,
  now: number,
): KeptToken | undefined {
  if (!kept || kept.endsAtMs <= now) return undefined;
  return kept.token.reveal() === rejected?.reveal() ? undefined : kept;
}

/** Whether a living token is the answer without asking, by its age and by what it has left. */
export function isFresh(
  kept: KeptToken,
  wanted: Wanted,
  { now, maxCacheSeconds }: { readonly now: number; readonly maxCacheSeconds: number },
): boolean {
  const isEndless = kept.endsAtMs === Number.POSITIVE_INFINITY;
  const mostAgeSeconds = isEndless
    ? Math.min(maxCacheSeconds, unknownLifeSeconds)
    : maxCacheSeconds;
  if (now - kept.keptAtMs >= mostAgeSeconds * 1000) return false;
  return kept.endsAtMs - now >= enoughMs(kept, wanted) + kept.jitterMs;
}

/** Whether a living token lives as long as is wanted. */
export function isEnough(kept: KeptToken, wanted: Wanted, now: number): boolean {
  return kept.endsAtMs - now >= enoughMs(kept, wanted);
}

/** Of a short-lived token at most half its life: the broker gives no more. */
function enoughMs({ token }: KeptToken, { minTtlSeconds }: Wanted): number {
  const lifeSeconds = (token.expiresAt ?? Number.POSITIVE_INFINITY) - token.obtainedAt;
  return Math.min(minTtlSeconds, Math.max(0, lifeSeconds) / 2) * 1000;
}
