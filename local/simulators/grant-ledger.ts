/**
 * What a vendor remembers: codes, grants, access tokens and refresh tokens, and the rules by which
 * they end.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../lib/time.ts';
import {
  type LedgerSnapshot,
  type LedgerTables,
  ledgerTables,
  prune,
  type TokenSelection,
} from './ledger-tables.ts';
import type { CommonSettings } from './settings.ts';

/** Who granted what to whom. */
export interface GrantSubject {
  readonly clientId: string;
  readonly accountId: string;
}

/** How a vendor's tokens look. */
export interface TokenMint {
  readonly accessToken: (
    subject: GrantSubject,
    issued: { readonly at: number; readonly expiresAt: number },
  ) => string;
  readonly refreshToken: () => string;
}

/** Freshly issued tokens, with lives in seconds. */
export interface IssuedTokens extends GrantSubject {
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly issuedAt: number;
  readonly refreshToken?: string;
  readonly refreshExpiresIn: number;
}

/** Why a code or refresh token is refused. Vendors differ in what they tell of it. */
export type GrantRefusal = 'unknown' | 'expired' | 'spent' | 'other_client' | 'redirect_uri';

type Issuance =
  | { readonly outcome: 'issued'; readonly tokens: IssuedTokens }
  | { readonly outcome: 'refused'; readonly why: GrantRefusal };

/** One vendor's grants. Every method is one step: no two requests see it half done. */
export interface GrantLedger {
  /** A code for one use (RFC 6749 §4.1.2), bound to client and redirect URI. */
  issueCode(subject: GrantSubject, redirectUri: string): string;
  /**
   * Exchanges a code. Its second use ends the grant that the first one opened.
   *
   * @param redirectUri - undefined where the vendor's token request has no such parameter.
   */
  exchangeCode(code: string, clientId: string, redirectUri: string | undefined): Issuance;
  /** Opens a grant without a code. */
  openGrant(subject: GrantSubject, withRefreshToken: boolean): IssuedTokens;
  /** Refreshes by the rotation rule of the settings. */
  refresh(refreshToken: string, clientId: string): Issuance;
  /** Whose access token this is; `expired` covers every end of a token that once was good. */
  readAccessToken(token: string): GrantSubject | 'expired' | 'unknown';
  /** When an access token that is known ends, in epoch seconds. */
  readExpiry(token: string): number | undefined;
  /** Ends all tokens of the grant that a token of either kind belongs to (RFC 7009 §2.1). */
  revoke(token: string): void;
  /** Ends every live access token that is meant; answers how many. */
  expireAccessTokens(of: TokenSelection): number;
  reset(): void;
  snapshot(): LedgerSnapshot;
}

interface LedgerPorts {
  readonly clock: Clock;
  readonly mint: TokenMint;
  readonly settings: () => CommonSettings;
  readonly snapshot?: LedgerSnapshot;
}

export function createGrantLedger({ snapshot, ...ports }: LedgerPorts): GrantLedger {
  const tables = ledgerTables(snapshot);
  const book = { ...ports, tables };
  return {
    openGrant: (subject, withRefreshToken) => openGrant(book, subject, withRefreshToken),
    issueCode: (subject, redirectUri) => issueCode(book, subject, redirectUri),
    exchangeCode: (code, clientId, redirectUri) =>
      exchangeCode(book, code, { clientId, redirectUri }),
    refresh: (refreshToken, clientId) => refresh(book, refreshToken, clientId),
    readAccessToken: (token) => {
      const row = tables.accessTokens.get(token);
      if (!row) return 'unknown';
      return row.expiresAt <= ports.clock.now() ? 'expired' : tables.subjectOf(row.grantId);
    },
    readExpiry: (token) => tables.accessTokens.get(token)?.expiresAt,
    revoke: (token) => {
      const row = tables.refreshTokens.get(token) ?? tables.accessTokens.get(token);
      if (row) tables.endGrant(row.grantId);
    },
    expireAccessTokens: (of) => tables.expireAccessTokens(of, ports.clock.now()),
    reset: () => tables.clear(),
    snapshot: () => tables.snapshot(),
  };
}

interface Book extends Omit<LedgerPorts, 'snapshot'> {
  readonly tables: LedgerTables;
}

function openGrant(book: Book, subject: GrantSubject, withRefreshToken: boolean): IssuedTokens {
  prune(book.tables, book.clock.now());
  const grantId = randomBytes(12).toString('hex');
  book.tables.grants.set(grantId, subject);
  return issue(book, grantId, withRefreshToken ? book.mint.refreshToken() : undefined);
}

/** A new access token; the refresh token is written down if it is new, and keeps its end if not. */
function issue(book: Book, grantId: string, refreshToken: string | undefined): IssuedTokens {
  const { tables, clock, mint } = book;
  const { access_token_seconds: expiresIn, refresh_token_seconds } = book.settings();
  const subject = tables.subjectOf(grantId);
  const issuedAt = clock.now();
  const expiresAt = issuedAt + expiresIn;
  const accessToken = mint.accessToken(subject, { at: issuedAt, expiresAt });
  tables.accessTokens.set(accessToken, { grantId, expiresAt });
  const issued = { ...subject, accessToken, expiresIn, issuedAt };
  if (refreshToken === undefined) return { ...issued, refreshExpiresIn: 0 };

  const endsAt =
    tables.refreshTokens.get(refreshToken)?.expiresAt ?? issuedAt + refresh_token_seconds;
  tables.refreshTokens.set(refreshToken, { grantId, accessToken, expiresAt: endsAt });
  return { ...issued, refreshToken, refreshExpiresIn: endsAt - issuedAt };
}

function issueCode({ tables, clock, settings }: Book, subject: GrantSubject, redirectUri: string) {
  const code = randomBytes(24).toString('hex');
  const expiresAt = clock.now() + settings().code_seconds;
  tables.codes.set(code, { ...subject, redirectUri, expiresAt });
  return code;
}

function exchangeCode(
  book: Book,
  code: string,
  {
    clientId,
    redirectUri,
  }: { readonly clientId: string; readonly redirectUri: string | undefined },
): Issuance {
  const { tables } = book;
  const row = tables.codes.get(code);
  if (!row) return refused('unknown');
  if (row.clientId !== clientId) return refused('other_client');
  if (row.spentBy !== undefined) {
    tables.endGrant(row.spentBy);
    return refused('spent');
  }
  if (row.expiresAt <= book.clock.now()) return refused('expired');
  if (redirectUri !== undefined && redirectUri !== row.redirectUri) return refused('redirect_uri');
  const tokens = openGrant(book, { clientId, accountId: row.accountId }, true);
  const spentBy = tables.accessTokens.get(tokens.accessToken)?.grantId ?? '';
  tables.codes.set(code, { ...row, spentBy });
  return { outcome: 'issued', tokens };
}

function refresh(book: Book, refreshToken: string, clientId: string): Issuance {
  const { tables } = book;
  const row = tables.refreshTokens.get(refreshToken);
  if (!row) return refused('unknown');
  if (tables.subjectOf(row.grantId).clientId !== clientId) return refused('other_client');
  const now = book.clock.now();
  if (row.expiresAt <= now) return refused('expired');
  const { rotation, refresh_ends_access_token } = book.settings();
  const grace = typeof rotation === 'object' ? rotation.grace_seconds : 0;
  if (row.spentAt !== undefined && now >= row.spentAt + grace) {
    tables.endGrant(row.grantId);
    return refused('spent');
  }
  if (refresh_ends_access_token) tables.accessTokens.delete(row.accessToken);
  if (rotation === 'none') {
    return { outcome: 'issued', tokens: issue(book, row.grantId, refreshToken) };
  }
  tables.refreshTokens.set(refreshToken, { ...row, spentAt: row.spentAt ?? now });
  return { outcome: 'issued', tokens: issue(book, row.grantId, book.mint.refreshToken()) };
}

function refused(why: GrantRefusal): Issuance {
  return { outcome: 'refused', why };
}
