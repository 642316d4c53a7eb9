import { inspect } from 'node:util';

export type SecretKind =
  | 'access_token'
  | 'refresh_token'
  | 'authorization_code'
  | 'code_verifier'
  | 'client_secret'
  | 'private_key'
  | 'password'
  | 'header'
  | 'state'
  | 'cookie'
  | 'session'
  | 'completion'
  | 'key';

/**
 * A credential that cannot be printed by accident.
 *
 * Its value lives in a private field, which `JSON.stringify`, `util.inspect`, spread and template
 * strings do not see; they show its kind. Whoever needs the value says {@link Secret.reveal}, a
 * word that a reviewer can search for.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-10.3 | RFC 6749 §10.3}: credentials
 *   stay confidential in transit and in storage, and a log is storage.
 */
export class Secret<Kind extends SecretKind = SecretKind> {
  readonly kind: Kind;
  readonly #value: string;

  constructor(kind: Kind, value: string) {
    this.kind = kind;
    this.#value = value;
  }

  /** The credential itself. Call it only where the value leaves the process. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `[secret ${this.kind}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
