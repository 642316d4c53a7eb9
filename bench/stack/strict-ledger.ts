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
  readonly issue: (family: string) => Grant;
  /** The family of a refresh token, whether or not it still counts. */
  readonly familyOf: (refreshToken: string) => string | undefined;
  /** Replaces a refresh token. One that was replaced before revokes its whole family. */
  readonly rotate: (refreshToken: string) => Grant | undefined;
  readonly state: (family: string) => FamilyState;
}

interface Family {
  readonly current: Grant | undefined;
  readonly refreshed: number;
}

export function strictLedger(): StrictLedger {
  const families = new Map<string, Family>();
  const owners = new Map<string, string>();

  const make = (family: string, refreshed: number): Grant => {
    const random = randomBytes(16).toString('base64url');
    const grant = {
      family,
      access_token: `at.${family}.${refreshed}.${random}`,
      refresh_token: `rt.${family}.${refreshed}.${random}`,
    };
    families.set(family, { current: grant, refreshed });
    owners.set(grant.refresh_token, family);
    return grant;
  };

  return {
    issue: (family) => make(family, 0),
    familyOf: (refreshToken) => owners.get(refreshToken),
    rotate: (refreshToken) => {
      const name = owners.get(refreshToken);
      const family = name === undefined ? undefined : families.get(name);
      if (name === undefined || family?.current === undefined) return undefined;
      if (family.current.refresh_token === refreshToken) return make(name, family.refreshed + 1);
      families.set(name, { current: undefined, refreshed: family.refreshed });
      return undefined;
    },
    state: (name) => {
      const { current, refreshed = 0 } = families.get(name) ?? {};
      return { family: name, refreshed, ...(current && { access_token: current.access_token }) };
    },
  };
}
