import { createHash } from 'node:crypto';
import type { GrantSubject } from './grant-ledger.ts';

interface CodeRow extends GrantSubject {
  readonly redirectUri: string;
  readonly expiresAt: number;
  /** The grant that its first use opened. */
  readonly spentBy?: string;
}

interface AccessTokenRow {
  readonly grantId: string;
  readonly expiresAt: number;
}

interface RefreshTokenRow {
  readonly grantId: string;
  /** The access token issued with it last. */
  readonly accessToken: string;
  readonly expiresAt: number;
  readonly spentAt?: number;
}

/** Which access tokens are meant; what is left out does not matter. */
export interface TokenSelection extends Partial<GrantSubject> {
  /** The SHA-256 of one token's bytes, in lower-case hex. */
  readonly tokenSha256?: string;
}

/** The rows as they are kept in a file, in the order in which they were made. */
export interface LedgerSnapshot {
  readonly codes: readonly (readonly [string, CodeRow])[];
  readonly grants: readonly (readonly [string, GrantSubject])[];
  readonly accessTokens: readonly (readonly [string, AccessTokenRow])[];
  readonly refreshTokens: readonly (readonly [string, RefreshTokenRow])[];
}

/** The rows in memory. */
export interface LedgerTables {
  readonly codes: Map<string, CodeRow>;
  readonly grants: Map<string, GrantSubject>;
  readonly accessTokens: Map<string, AccessTokenRow>;
  readonly refreshTokens: Map<string, RefreshTokenRow>;
  /** @throws {Error} for a grant that is not there: rows of it must have gone with it. */
  subjectOf(grantId: string): GrantSubject;
  /** Ends all tokens of one grant, the whole family. */
  endGrant(grantId: string): void;
  expireAccessTokens(of: TokenSelection, now: number): number;
  clear(): void;
  snapshot(): LedgerSnapshot;
}

/** How long ended rows are kept, so that a late use still gets the answer of its kind. */
const keptSeconds = 86_400;

export function ledgerTables(from?: LedgerSnapshot): LedgerTables {
  const codes = new Map(from?.codes);
  const grants = new Map(from?.grants);
  const accessTokens = new Map(from?.accessTokens);
  const refreshTokens = new Map(from?.refreshTokens);

  const subjectOf = (grantId: string): GrantSubject => {
    const subject = grants.get(grantId);
    if (!subject) throw new Error('a token outlived its grant');
    return subject;
  };

  return {
    codes,
    grants,
    accessTokens,
    refreshTokens,
    subjectOf,
    endGrant: (grantId) => {
      for (const table of [accessTokens, refreshTokens]) {
        for (const [token, row] of table) if (row.grantId === grantId) table.delete(token);
      }
    },
    expireAccessTokens: ({ clientId, accountId, tokenSha256 }, now) => {
      let count = 0;
      for (const [token, row] of accessTokens) {
        const subject = subjectOf(row.grantId);
        const meant =
          (clientId === undefined || clientId === subject.clientId) &&
          (accountId === undefined || accountId === subject.accountId) &&
          (tokenSha256 === undefined || tokenSha256 === sha256(token));
        if (!meant || row.expiresAt <= now) continue;
        accessTokens.set(token, { ...row, expiresAt: now });
        count += 1;
      }
      return count;
    },
    clear: () => {
      for (const table of [codes, grants, accessTokens, refreshTokens]) table.clear();
    },
    snapshot: () => ({
      codes: [...codes],
      grants: [...grants],
      accessTokens: [...accessTokens],
      refreshTokens: [...refreshTokens],
    }),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Drops what ended more than a day ago, so that a simulator can run for weeks. */
export function prune(tables: LedgerTables, now: number): void {
  for (const table of [tables.codes, tables.accessTokens, tables.refreshTokens]) {
    for (const [key, row] of table) if (row.expiresAt + keptSeconds <= now) table.delete(key);
  }
  for (const [token, { spentAt }] of tables.refreshTokens) {
    if (spentAt !== undefined && spentAt + keptSeconds <= now) tables.refreshTokens.delete(token);
  }
  const used = new Set(
    [...tables.accessTokens.values(), ...tables.refreshTokens.values()].map((row) => row.grantId),
  );
  for (const grantId of tables.grants.keys()) if (!used.has(grantId)) tables.grants.delete(grantId);
}
