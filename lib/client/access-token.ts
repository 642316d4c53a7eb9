import { inspect } from 'node:util';

/** How the provider's API wants a token (RFC 6750 §2). Its `value` holds the token. */
export interface Presentation {
  readonly in: 'header' | 'query';
  readonly name: string;
  readonly value: string;
}

/** What a vended token comes with, none of it secret. */
export interface TokenFacts {
  readonly client: string;
  readonly connection: string;
  /** `failing` and `needs_reauth`: this token is good, and its successor in doubt. */
  readonly state: 'active' | 'failing' | 'needs_reauth';
  readonly tokenType: string;
  /** Epoch seconds; undefined where nobody knows. */
  readonly expiresAt: number | undefined;
  /** Where `expiresAt` is from, such as `expires_in`; `unknown` without one. */
  readonly expirySource: string;
  /** Epoch seconds. */
  readonly obtainedAt: number;
  /** Separated by spaces; empty where none was asked for and none was told. */
  readonly scope: string;
  readonly apiBaseUrl: string | undefined;
  /** What the provider gave to keep, such as an instance's URL. */
  readonly values: Readonly<Record<string, string>>;
  /** Epoch seconds; undefined where nobody knows. */
  readonly refreshTokenExpiresAt: number | undefined;
  /** Why its successor may be late, or not come. `since` is epoch seconds. */
  readonly warning: { readonly code: string; readonly since: number } | undefined;
}

/**
 * An access token that cannot be printed by accident: JSON, `inspect`, templates and spread do not
 * show its value. `reveal` and `present` tell it.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-10.3 | RFC 6749 §10.3}
 */
export class AccessToken implements TokenFacts {
  declare readonly client: string;
  declare readonly connection: string;
  declare readonly state: TokenFacts['state'];
  declare readonly tokenType: string;
  declare readonly expiresAt: number | undefined;
  declare readonly expirySource: string;
  declare readonly obtainedAt: number;
  declare readonly scope: string;
  declare readonly apiBaseUrl: string | undefined;
  declare readonly values: Readonly<Record<string, string>>;
  declare readonly refreshTokenExpiresAt: number | undefined;
  declare readonly warning: TokenFacts['warning'];
  readonly #value: string;
  readonly #presentation: Presentation;

  constructor(
    facts: TokenFacts,
    secret: { readonly value: string; readonly presentation: Presentation },
  ) {
    Object.assign(this, facts);
    this.#value = secret.value;
    this.#presentation = secret.presentation;
  }

  /** The token itself, without a scheme. */
  reveal(): string {
    return this.#value;
  }

  /** The header or query parameter that the provider's API wants, with the token in it. */
  present(): Presentation {
    return this.#presentation;
  }

  toString(): string {
    return `[access token of ${this.client}/${this.connection}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
