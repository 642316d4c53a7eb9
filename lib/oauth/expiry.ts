import { decodeJwt } from 'jose';
import { type EpochSeconds, epochSeconds } from '../time.ts';
import { isPlausibleExpiry, readInstant } from './expiry-values.ts';
import type { ExpirySource } from './token-endpoint.ts';

/** A day: how far a provider's clock may be from ours before we do not reckon by it. */
const clockToleranceSeconds = 86_400;

/** All that an answer and its definition tell about the life of one token. */
export interface ExpiryClues {
  /** Seconds, more than zero. */
  readonly expiresIn?: number | undefined;
  readonly expiresAt?: number | undefined;
  /** When the provider made the token, by its own clock. */
  readonly createdAt?: number | undefined;
  /** The token itself, which may be a JWT. */
  readonly token?: string | undefined;
  /** The definition's lifetime for tokens of this kind, in seconds. */
  readonly lifetime?: number | undefined;
}

/** When a token ends, and which rung of the ladder said so. */
export type Expiry =
  | { readonly source: 'unknown'; readonly expiresAt?: never }
  | {
      readonly source: Exclude<ExpirySource, 'unknown'>;
      readonly expiresAt: EpochSeconds;
    };

/**
 * Finds out when a token ends, by the first of these that gives a plausible instant: `expires_in`
 * (from `created_at` if there is one, else from when the request was sent), `expires_at`, the `exp`
 * of a JWT, the definition's lifetime.
 *
 * Durations count from the sending, not from the answer: the provider's count began before we
 * heard of it, and a token that is believed to live too long fails in a caller's hands.
 *
 * @param sentAt - when the request was sent, by our clock.
 */
export function readExpiry(clues: ExpiryClues, sentAt: EpochSeconds): Expiry {
  for (const [source, instant] of rungs(clues, sentAt)) {
    if (instant !== undefined && isPlausibleExpiry(instant, sentAt)) {
      return { source, expiresAt: epochSeconds(instant) };
    }
  }
  return { source: 'unknown' };
}

/** Each is looked at only if those before it tell nothing. */
function* rungs(
  clues: ExpiryClues,
  sentAt: EpochSeconds,
): Generator<readonly [Exclude<ExpirySource, 'unknown'>, number | undefined]> {
  yield ['expires_in', fromDuration(clues, sentAt)];
  yield ['expires_at', clues.expiresAt];
  yield ['jwt', readJwtExpiry(clues.token)];
  yield ['default', clues.lifetime === undefined ? undefined : sentAt + clues.lifetime];
}

function fromDuration(clues: ExpiryClues, sentAt: EpochSeconds): number | undefined {
  const { expiresIn, createdAt } = clues;
  if (expiresIn === undefined) return undefined;
  if (createdAt !== undefined && Math.abs(createdAt - sentAt) <= clockToleranceSeconds) {
    const end = createdAt + expiresIn;
    // A token that is just issued has not ended: then it is the provider's clock that is wrong.
    if (end > sentAt) return end;
  }
  return sentAt + expiresIn;
}

/** Three parts, as a signed JWT has (RFC 7519 §3): to have anything else refused takes longer. */
const jwtForm = /^[^.]*\.[^.]+\.[^.]*$/;

/**
 * The `exp` of a token that is a JWT (RFC 7519 §4.1.4).
 *
 * It is read, not verified: the token came from its issuer over TLS, and is not for us to judge.
 */
function readJwtExpiry(token: string | undefined): EpochSeconds | undefined {
  if (token === undefined || !jwtForm.test(token)) return undefined;
  try {
    return readInstant(decodeJwt(token).exp);
  } catch {
    return undefined;
  }
}
