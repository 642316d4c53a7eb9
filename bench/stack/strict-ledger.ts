import { randomBytes } from 'node:crypto';

/** Tokens that one authorization brought (RFC 6749 §5.1). */
export interface Grant {
  readonly family: string;
  readonly access_token: string;
  readonly refresh_token: string;
}

/** How one grant fares at the provider. */
export interface FamilyState {
  readonly family: string;
  /** The only access token that still counts; undefined once the family is revoked. */
  readonly access_token?: string;
  /** How often it has been refreshed. */
  readonly refreshed: number;
}

/** Grants of a provider whose refresh tokens can be used once (RFC 9700 §4.14.2). */
export interface StrictLedger {
  /** @param tokenBytes - how many random bytes its refresh tokens have. */
  readonly issue: (family: string, tokenBytes?: number) => Grant;
  /** The family of a refresh token, whether or not it still counts. */
  readonly familyOf: (refreshToken: string) => string | undefined;
  /** Replaces a refresh token. One that was replaced before revokes its whole family. */
  readonly rotate: (refreshToken: string) => Grant | undefined;
  readonly state: (family: string) => FamilyState;
}

interface Family {
  readonly tokenBytes: number;
  readonly current: Grant | undefined;
  readonly refreshed: number;
}

export function strictLedger(): StrictLedger {
  const families = new Map<string, Family>();
  const owners = new Map<string, string>();

  const make = (family: string, refreshed: number, tokenBytes: number): Grant => {
    const random = (bytes: number) => randomBytes(bytes).toString('base64url');
    const grant = {
      family,
      access_token: `at.${family}.${refreshed}.${random(16)}`,
      refresh_token: `rt.${family}.${refreshed}.${random(tokenBytes)}`,
    };
    families.set(family, { current: grant, refreshed, tokenBytes });
    owners.set(grant.refresh_token, family);
    return grant;
  };

  return {
    issue: (family, tokenBytes = 16) => make(family, 0, tokenBytes),
    familyOf: (refreshToken) => owners.get(refreshToken),
    rotate: (refreshToken) => {
      const name = owners.get(refreshToken);
      const family = name === undefined ? undefined : families.get(name);
      if (name === undefined || family?.current === undefined) return undefined;
      const { current, refreshed, tokenBytes } = family;
      if (current.refresh_token === refreshToken) return make(name, refreshed + 1, tokenBytes);
      families.set(name, { current: undefined, refreshed, tokenBytes });
      return undefined;
    },
    state: (name) => {
      const { current, refreshed = 0 } = families.get(name) ?? {};
      return { family: name, refreshed, ...(current && { access_token: current.access_token }) };
    },
  };
}
