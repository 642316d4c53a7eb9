/**
 * What the rest of the software sees of a token endpoint: four grants in, one of six endings out.
 *
 * @module
 */
import type { ProviderTrouble } from '../fault.ts';
import type { Client } from '../providers/client.ts';
import type { Secret } from '../secret.ts';
import type { EpochSeconds } from '../time.ts';

/** A grant presented to the token endpoint (RFC 6749 §4). */
export type TokenRequest = { readonly params: Readonly<Record<string, string>> } & (
  | {
      readonly grantType: 'authorization_code';
      readonly code: Secret<'authorization_code'>;
      readonly redirectUri: string;
      readonly codeVerifier?: Secret<'code_verifier'>;
    }
  | { readonly grantType: 'refresh_token'; readonly refreshToken: Secret<'refresh_token'> }
  | {
      readonly grantType: 'password';
      readonly username: string;
      readonly password: Secret<'password'>;
      readonly scope?: string;
    }
  | { readonly grantType: 'client_credentials'; readonly scope?: string }
);

/** From which rung of the ladder an expiry was read. */
export type ExpirySource =
  | 'expires_in'
  | 'expires_at'
  | 'jwt'
  | 'introspection'
  | 'default'
  | 'import'
  | 'unknown';

/** A token answer (RFC 6749 §5.1) in the standard's words, checked and bounded. */
export interface TokenAnswer {
  readonly accessToken: Secret<'access_token'>;
  /** Absent: the one we hold stays good (RFC 6749 §6). */
  readonly refreshToken?: Secret<'refresh_token'>;
  /** `Bearer`, whatever its case was in the answer. */
  readonly tokenType: string;
  /** Separated by spaces. Absent: as asked (RFC 6749 §5.1). */
  readonly scope?: string;
  /** Absent when `expirySource` is `unknown`. */
  readonly expiresAt?: EpochSeconds;
  readonly expirySource: ExpirySource;
  readonly refreshTokenExpiresAt?: EpochSeconds;
  readonly accountId?: string;
  readonly values: Readonly<Record<string, string>>;
  /** When the request was sent: the moment from which durations count. */
  readonly obtainedAt: EpochSeconds;
}

/**
 * How a token request ended.
 *
 * `undecided` tells whether the provider may have carried the request out although we do not hold
 * its answer: true for a time-out after sending, a 5xx or an answer that cannot be read; false when
 * nothing was sent or the provider said that it did nothing.
 */
export type TokenOutcome =
  | {
      readonly outcome: 'granted';
      readonly answer: TokenAnswer;
      /** Of two client secrets the provider had refused the newer. */
      readonly byOlderSecret?: true;
    }
  /** `invalid_grant`: the code, refresh token or password is refused. The provider's own word. */
  | { readonly outcome: 'grant_refused' }
  /** `invalid_client`: our id or secret is refused. Says nothing about any connection. */
  | { readonly outcome: 'client_refused' }
  /** Another error of RFC 6749 §5.2, or one that the definition declares: our request is wrong. */
  | { readonly outcome: 'request_refused'; readonly error: string }
  /** No usable answer. */
  | {
      readonly outcome: 'unavailable';
      readonly trouble: ProviderTrouble;
      readonly undecided: boolean;
      readonly httpStatus?: number;
      readonly retryAfterSeconds?: number;
    }
  /** A success that carries no token, or one that breaks the rules of `TokenAnswer`. */
  | {
      readonly outcome: 'answer_invalid';
      readonly trouble: ProviderTrouble;
      readonly httpStatus: number;
    };

/**
 * Presents one grant to the client's token endpoint.
 *
 * One request is sent, or two: after a well-formed `invalid_client` the older client secret is
 * tried once, in the same deadline. Never throws for what a provider or the network does.
 *
 * @param timeoutMs - the deadline over everything.
 * @throws {Fault} `REQUEST_INVALID` when the definition does not offer this grant or does not know
 *   its endpoint; it names the member to set by `provider_overrides`.
 */
export type RequestToken = (
  client: Client,
  request: TokenRequest,
  timeoutMs: number,
) => Promise<TokenOutcome>;

/**
 * Asks the provider when an access token ends (RFC 7662 §2). Never throws for what a provider or the
 * network does.
 *
 * @returns undefined where the definition has no `introspect`, or the answer does not tell.
 */
export type IntrospectExpiry = (
  client: Client,
  accessToken: Secret<'access_token'>,
  timeoutMs: number,
) => Promise<EpochSeconds | undefined>;

/**
 * How a revocation ended: it is done; the server revokes no tokens of this kind (RFC 7009 §2.2.1);
 * it refuses; or it is worth another try.
 */
export type RevocationOutcome = 'revoked' | 'unsupported' | 'refused' | 'unavailable';

/** Revokes one token at the provider (RFC 7009). Refuses where the definition has no `revoke`. */
export type RevokeToken = (
  client: Client,
  token: Secret<'access_token'> | Secret<'refresh_token'>,
  timeoutMs: number,
) => Promise<RevocationOutcome>;
