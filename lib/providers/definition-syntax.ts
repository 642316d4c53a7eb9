/**
 * The small words of the definition language: names, templates, paths, headers.
 *
 * @module
 */
import * as v from 'valibot';

/** Our own name for a value to keep. */
export const identifier = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*$/, 'must be snake_case'));

/** Any text but the empty one. */
export const nonEmpty = v.pipe(v.string(), v.nonEmpty('must not be empty'));

/** How many: one or more. */
export const countFromOne = v.pipe(
  v.number(),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be at least 1'),
);

/** A length of time: one second to ten years. */
export const wholeSeconds = v.pipe(
  v.number(),
  v.integer('must be a whole number of seconds'),
  v.minValue(1, 'must be at least 1 second'),
  v.maxValue(315_360_000, 'must be at most ten years in seconds'),
);

/** Text with `{param}` placeholders, filled from the registration's or the connection's params. */
export const template = v.pipe(v.string(), v.maxLength(2048, 'must be at most 2048 characters'));

/** A URL with `{param}` placeholders. Placeholders of a connection's params are not allowed here. */
export const urlTemplate = v.pipe(
  template,
  v.regex(
    /^https?:\/\/[^/?#@\\\s]+(?:[/?][^#\\\s]*)?$/,
    'must be an http or https URL without user or fragment',
  ),
);

/** Where in a JSON answer a value stands: dotted paths, tried in order; `data.0.id` enters a list. */
export const paths = v.pipe(v.array(nonEmpty), v.minLength(1, 'must name at least one path'));

/** A parameter's name at the provider; `false` where the provider must not be sent it. */
export const parameterName = v.union([nonEmpty, v.literal(false)]);

/** The grants of RFC 6749 that we can present. */
export const grantType = v.picklist([
  'authorization_code',
  'refresh_token',
  'password',
  'client_credentials',
]);

/** Headers that frame the message or belong to the connection: the transport's own. */
const framing =
  /^(connection|content-length|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i;

/** A header's value (RFC 9110 §5.5): visible ASCII, spaces between. */
export const headerValue = v.pipe(
  v.string(),
  v.regex(/^[!-~](?:[ -~]*[!-~])?$/, 'must be visible ASCII'),
  v.maxLength(8192, 'must be at most 8192 characters'),
);

/** A header's name (RFC 9110 §5.1). */
export const headerName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'must be named by an RFC 9110 token'),
  v.check((name) => !framing.test(name), 'is a header that the transport sets itself'),
);

/** What a template may mention: a value that the registration or the connection gives. */
export const param = v.strictObject({
  /** Whose it is: fixed by the operator's registration, or given with each connection. */
  of: v.picklist(['registration', 'connection']),
  description: nonEmpty,
  /** `host_label`: one DNS label; `text`: 1 to 256 characters, none of them a control character. */
  format: v.optional(v.picklist(['host_label', 'text']), 'text'),
  /** The values it may have, and what each stands for in a template. */
  choices: v.optional(v.record(nonEmpty, nonEmpty)),
  default: v.optional(nonEmpty),
});
