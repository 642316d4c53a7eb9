import type { Definition } from '../providers/definition.ts';
import { Secret } from '../secret.ts';
import type { EpochSeconds } from '../time.ts';
import { type Expiry, readExpiry } from './expiry.ts';
import type { TokenAnswer } from './token-endpoint.ts';
import type { TokenMembers } from './token-members.ts';

/**
 * A token answer for the rest of the software: credentials as secrets, life spans as instants.
 *
 * @param sentAt - when the request was sent, by our clock.
 */
export function buildTokenAnswer(
  { lifetimes }: Definition,
  members: TokenMembers,
  sentAt: EpochSeconds,
): TokenAnswer {
  const { refresh_token: refreshToken, scope, account_id: accountId } = members;
  const expiry = accessTokenExpiry(members, lifetimes, sentAt);
  const refreshTokenExpiresAt = refreshTokenExpiry(members, lifetimes, sentAt).expiresAt;
  return {
    accessToken: new Secret('access_token', members.access_token),
    ...(refreshToken !== undefined && { refreshToken: new Secret('refresh_token', refreshToken) }),
    tokenType: 'Bearer',
    ...(scope !== undefined && { scope }),
    ...(expiry.expiresAt !== undefined && { expiresAt: expiry.expiresAt }),
    expirySource: expiry.source,
    ...(refreshTokenExpiresAt !== undefined && { refreshTokenExpiresAt }),
    ...(accountId !== undefined && { accountId }),
    values: members.values,
    obtainedAt: sentAt,
  };
}

function accessTokenExpiry(
  members: TokenMembers,
  lifetimes: Definition['lifetimes'],
  sentAt: EpochSeconds,
): Expiry {
  const clues = {
    expiresIn: members.expires_in,
    expiresAt: members.expires_at,
    createdAt: members.created_at,
    token: members.access_token,
    lifetime: lifetimes.access_token_seconds,
  };
  return readExpiry(clues, sentAt);
}

/** The definition's lifetime counts from the issue, so it says nothing where none was issued. */
function refreshTokenExpiry(
  members: TokenMembers,
  lifetimes: Definition['lifetimes'],
  sentAt: EpochSeconds,
): Expiry {
  const isIssued = members.refresh_token !== undefined;
  const clues = {
    expiresIn: members.refresh_token_expires_in,
    expiresAt: members.refresh_token_expires_at,
    createdAt: members.created_at,
    token: members.refresh_token,
    lifetime: isIssued ? lifetimes.refresh_token_seconds : undefined,
  };
  return readExpiry(clues, sentAt);
}
