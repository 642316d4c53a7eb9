/**
 * Access tokens under their seal, bound to all that stands beside them in clear.
 *
 * What tells a caller where to send a token, and until when, has to be readable without a key. So
 * that nobody can change it without one, the seal holds its digest: a row that was altered does not
 * open.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { Secret } from '../secret.ts';
import type { SealBinding, Sealer, StoredToken, TokenStatus } from './ports.ts';

/** What never changes of a stored token once it is sealed. */
export type TokenFacts = Omit<
  StoredToken,
  keyof TokenStatus | 'sealed' | 'refreshClaimedUntil' | 'refreshClaimedBy' | keyof SealBinding
>;

/** Seals an access token for one row, with what that row says of it. */
export function sealToken(
  sealer: Pick<Sealer, 'seal'>,
  token: TokenFacts & SealBinding,
  accessToken: Secret<'access_token'>,
): Promise<string> {
  return sealer.seal('access_token', tokenBinding(token), accessToken.reveal());
}

/**
 * Opens a stored token.
 *
 * @returns undefined where the row has none yet.
 * @throws {Fault} `SEALED_VALUE_INVALID` also when anything beside it was altered.
 */
export async function openStoredToken(
  sealer: Pick<Sealer, 'open'>,
  token: StoredToken,
): Promise<Secret<'access_token'> | undefined> {
  if (!token.sealed) return undefined;
  const opened = await sealer.open('access_token', tokenBinding(token), token.sealed);
  return new Secret('access_token', opened);
}

/** What a stored token's seal is bound to. */
export function tokenBinding(token: TokenFacts & SealBinding): SealBinding {
  const { client, connection, fence } = token;
  return { client, connection, fence, besideSha256: digest(token) };
}

/** The same for the same facts, however the store orders them. */
function digest(token: TokenFacts): string {
  // Named one by one: a member that is added to a stored token is missed here by the type checker.
  const facts: { readonly [Name in keyof Required<TokenFacts>]: unknown } = {
    tokenType: token.tokenType,
    obtainedAt: token.obtainedAt,
    expiresAt: token.expiresAt,
    expirySource: token.expirySource,
    scope: token.scope,
    present: [token.present.in, token.present.name, token.present.scheme],
    apiBaseUrl: token.apiBaseUrl,
    values: Object.entries(token.values).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    refreshTokenExpiresAt: token.refreshTokenExpiresAt,
    refreshNotBefore: token.refreshNotBefore,
  };
  const text = JSON.stringify(Object.entries(facts));
  return createHash('sha256').update(text).digest('base64url');
}
