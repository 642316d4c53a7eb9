import {
  buildCodeChallenge,
  completeAuthorizationUrl,
  deriveCodeVerifier,
} from '../oauth/authorization-request.ts';
import { Secret } from '../secret.ts';
import { type Clock, later, seconds } from '../time.ts';
import { hashToken, isOneTimeToken } from './one-time-token.ts';
import type { RandomToken, SessionStore } from './ports.ts';

/** How long a person may take at the provider. */
export const authorizationSeconds = seconds(10 * 60);

interface Ports {
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly randomToken: RandomToken;
}

export type AuthorizationBeginning =
  | {
      readonly outcome: 'redirect';
      /** The provider's authorization endpoint, complete. */
      readonly location: string;
      readonly cookie: {
        readonly label: string;
        readonly value: Secret<'cookie'>;
        readonly maxAgeSeconds: number;
      };
    }
  /** The session is unknown, malformed or over. */
  | { readonly outcome: 'no_session' };

/**
 * Sends a browser that follows a connect session's link on to the provider.
 *
 * Each visit is a transaction of its own: a fresh `state`, and a fresh secret in a cookie which
 * binds the answer to this browser and from which the PKCE verifier is derived. The session is not
 * consumed.
 *
 * @param session - from the query; untrusted.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9700#section-4.7 | RFC 9700 §4.7} (`state`)
 */
export async function beginAuthorization(
  { sessions, clock, randomToken }: Ports,
  session: string | undefined,
): Promise<AuthorizationBeginning> {
  const now = clock.now();
  if (!isOneTimeToken(session)) return { outcome: 'no_session' };
  const found = await sessions.readSession(hashToken(session), now);
  if (!found) return { outcome: 'no_session' };

  const state = randomToken();
  const cookieSecret = new Secret('cookie', randomToken());
  await sessions.putAuthorization({
    stateHash: hashToken(state),
    cookieHash: hashToken(cookieSecret.reveal()),
    expiresAt: later(now, authorizationSeconds),
    plan: found.plan,
  });
  const location = completeAuthorizationUrl(found.authorization, {
    state,
    ...(found.plan.pkce && {
      codeChallenge: buildCodeChallenge(deriveCodeVerifier(cookieSecret)),
    }),
  });
  return {
    outcome: 'redirect',
    location,
    cookie: {
      label: cookieLabel(state),
      value: cookieSecret,
      maxAgeSeconds: authorizationSeconds,
    },
  };
}

/** Tells the cookies of two tabs apart. Gives nothing of the state away. */
export function cookieLabel(state: string): string {
  return hashToken(`cookie ${state}`).slice(0, 16);
}
