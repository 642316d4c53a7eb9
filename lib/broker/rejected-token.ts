/**
 * What a caller means by "the API refused this token".
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { type Clock, later, seconds } from '../time.ts';
import type { OpenToken } from './token-cache.ts';

/** What a caller reports of the token that it holds. */
export interface Rejection {
  /** Lower-case hex of the token's SHA-256. */
  readonly rejectedTokenSha256?: string;
}

/** A token younger than this is not refreshed because an API refused it. */
const guardSeconds = seconds(60);

/** Whether this very token is the one that the API refused. */
export function isRejected(
  { rejectedTokenSha256 }: Rejection,
  { accessToken }: OpenToken,
): boolean {
  if (rejectedTokenSha256 === undefined) return false;
  const digest = createHash('sha256').update(accessToken.reveal()).digest('hex');
  return rejectedTokenSha256 === digest;
}

/** An API that answers 401 for want of permission must not cost a rotation per call. */
export function isRecentlyRejected(clock: Clock, rejection: Rejection, open: OpenToken): boolean {
  const guardedUntil = later(open.token.obtainedAt, guardSeconds);
  return isRejected(rejection, open) && clock.now() < guardedUntil;
}
