/**
 * What a definition tells of the life of tokens.
 *
 * @module
 */
import * as v from 'valibot';
import { wholeSeconds } from './definition-syntax.ts';

/**
 * What becomes of the old refresh token when a new one is issued: `none`, there never is a new one;
 * `strict`, the old one dies at once; `grace_seconds`, it works that much longer. `undeclared`
 * counts as `strict`.
 */
export const rotation = v.union([
  v.picklist(['none', 'strict', 'undeclared']),
  v.strictObject({ grace_seconds: wholeSeconds }),
]);

/** How long tokens live, where their answers do not tell it. */
export const lifetimes = v.strictObject({
  /** The access token's life where the answer does not tell it. */
  access_token_seconds: v.optional(wholeSeconds),
  /** The refresh token's life from its issue, where the answer does not tell it. */
  refresh_token_seconds: v.optional(wholeSeconds),
  /** After how long without use the refresh token dies. */
  refresh_token_idle_seconds: v.optional(wholeSeconds),
  /** The provider refreshes an access token in its last so many seconds, or after, and not before. */
  not_before_expiry_seconds: v.optional(wholeSeconds),
});
