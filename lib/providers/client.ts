import type { ClientName } from '../names.ts';
import type { Secret } from '../secret.ts';
import type { Definition } from './definition.ts';

/**
 * Our registration at a provider (RFC 6749 §2), with the provider's definition it is to be used by.
 *
 * Made by `resolveClient` only, so whoever holds one knows that definition, overrides and params
 * have been checked together.
 */
export interface Client {
  readonly name: ClientName;
  /** The provider's definition with the registration's `provider_overrides` applied. */
  readonly definition: Definition;
  readonly clientId: string;
  /** Newest first; none for a public client and for one that signs (RFC 7523). At most two. */
  readonly secrets: readonly Secret<'client_secret'>[];
  /** A private JWK as JSON text, with `alg`, for `private_key_jwt`. */
  readonly privateKey?: Secret<'private_key'>;
  /** What each of the registration's params stands for in a template. */
  readonly params: Readonly<Record<string, string>>;
  /** The most that is asked for, separated by spaces; undefined: the definition's default. */
  readonly scope?: string;
  /** Where a browser may be sent after the callback. */
  readonly returnUrls: readonly string[];
  readonly tokenRequestHeaders: Readonly<Record<string, Secret<'header'>>>;
  /** Changes whenever the registration's secret is written. */
  readonly version: string;
}
