/**
 * What a definition tells of a token endpoint's answers.
 *
 * @module
 */
import * as v from 'valibot';
import { grantType, identifier, nonEmpty, paths } from './definition-syntax.ts';

/** Where the members of RFC 6749 §5.1 stand in an answer. */
export const answer = v.strictObject({
  access_token: v.optional(paths, ['access_token']),
  refresh_token: v.optional(paths, ['refresh_token']),
  token_type: v.optional(paths, ['token_type']),
  scope: v.optional(paths, ['scope']),
  expires_in: v.optional(paths, ['expires_in']),
  expires_at: v.optional(paths),
  /** When the provider made the token, in epoch seconds; `expires_in` then counts from there. */
  created_at: v.optional(paths),
  refresh_token_expires_in: v.optional(paths, ['refresh_token_expires_in']),
  refresh_token_expires_at: v.optional(paths),
  /** The unit of every duration and instant in the answer. ISO 8601 instants are always read. */
  unit: v.optional(v.picklist(['seconds', 'milliseconds']), 'seconds'),
  account_id: v.optional(paths),
  /** Values to keep with the connection and to hand to callers, by our name for each. */
  values: v.optional(v.record(identifier, paths), {}),
});

/** What an answer means that does not say it in the words of RFC 6749 §5.2. First match wins. */
export const failure = v.strictObject({
  http_status: v.optional(v.array(v.pipe(v.number(), v.integer('must be a whole number')))),
  grant: v.optional(v.array(grantType)),
  /** The value at `path`, and those of its values for which the rule holds. */
  where: v.optional(
    v.strictObject({
      path: nonEmpty,
      in: v.pipe(
        v.array(v.union([v.string(), v.number(), v.boolean()])),
        v.minLength(1, 'must have a value'),
      ),
    }),
  ),
  means: v.picklist([
    'invalid_grant',
    'invalid_client',
    'invalid_request',
    'slow_down',
    'temporarily_unavailable',
  ]),
});
