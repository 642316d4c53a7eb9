/**
 * The language in which a provider is described: one JSON file per provider, no code.
 *
 * Every member has a default that is plain RFC 6749, so a well-behaved provider is a few lines.
 * Unknown members are refused, since a member that nothing reads is a promise that nobody keeps.
 * A `url` of `null` says: the provider's pages do not tell it; whoever knows it sets it by
 * `provider_overrides`.
 *
 * @module
 */
import * as v from 'valibot';
import { answer, failure } from './answer-definition.ts';
import { listContradictions } from './contradictions.ts';
import {
  countFromOne,
  type grantType,
  headerName,
  headerValue,
  identifier,
  nonEmpty,
  param,
  parameterName,
  paths,
  template,
  urlTemplate,
} from './definition-syntax.ts';
import { lifetimes, rotation } from './renewal-definition.ts';

/** How one kind of token request is put on the wire. */
const requestShape = {
  url: v.nullable(urlTemplate),
  method: v.picklist(['POST', 'GET']),
  /** Where the parameters go: form body (RFC 6749 Appendix B), JSON body, or the query. */
  parameters_in: v.picklist(['form', 'json', 'query']),
  client_authentication: v.picklist(['client_secret_post', 'client_secret_basic']),
  names: v.partial(
    v.strictObject({
      grant_type: parameterName,
      client_id: parameterName,
      client_secret: parameterName,
      code: parameterName,
      redirect_uri: parameterName,
      code_verifier: parameterName,
      refresh_token: parameterName,
      username: parameterName,
      password: parameterName,
      scope: parameterName,
    }),
  ),
  /** Further parameters, by the provider's names. */
  params: v.record(nonEmpty, template),
  headers: v.record(headerName, v.pipe(headerValue, template)),
} as const;

const tokenRequest = v.strictObject({
  /** `null`: not told by the provider's pages. */
  url: v.optional(requestShape.url, null),
  method: v.optional(requestShape.method, 'POST'),
  parameters_in: v.optional(requestShape.parameters_in, 'form'),
  client_authentication: v.optional(requestShape.client_authentication, 'client_secret_post'),
  names: v.optional(requestShape.names, {}),
  params: v.optional(requestShape.params, {}),
  headers: v.optional(requestShape.headers, {}),
});

/**
 * What one grant does otherwise than `token`; `{}` where it differs in nothing. `names`, `params`
 * and `headers` are merged name by name. A `url` of `null` says that this one is not known.
 */
const grant = v.partial(v.strictObject(requestShape));

const authorize = v.strictObject({
  /** `null`: not told by the provider's pages. */
  url: v.optional(v.nullable(urlTemplate), null),
  /** The provider's names for the parameters of RFC 6749 §4.1.1 and RFC 7636 §4.3. */
  names: v.optional(
    v.partial(
      v.strictObject({
        response_type: parameterName,
        client_id: parameterName,
        redirect_uri: parameterName,
        scope: parameterName,
        state: nonEmpty,
        code_challenge: nonEmpty,
        code_challenge_method: parameterName,
      }),
    ),
    {},
  ),
  params: v.optional(v.record(nonEmpty, template), {}),
  /** PKCE with S256 (RFC 7636). Off only where the server refuses it, or is feared to. */
  pkce: v.optional(v.boolean(), true),
  /** The issuer identifier that answers carry as `iss` (RFC 9207); unset where it sends none. */
  issuer: v.optional(urlTemplate),
  /** The provider's names for what it sends back (RFC 6749 §4.1.2). */
  callback: v.optional(
    v.strictObject({
      names: v.optional(
        v.partial(v.strictObject({ code: nonEmpty, state: nonEmpty, error: nonEmpty })),
        {},
      ),
      /** Values of the callback's query to keep with the connection, by our name for each. */
      values: v.optional(v.record(identifier, nonEmpty), {}),
    }),
    {},
  ),
});

const api = v.strictObject({
  base_url: v.optional(urlTemplate),
  /** Which of the two below the API is sent; never both (RFC 6750 §2). */
  token_in: v.optional(v.picklist(['header', 'query']), 'header'),
  header: v.optional(
    v.strictObject({
      name: v.optional(headerName, 'Authorization'),
      /** What stands before the token; empty for the bare token. */
      scheme: v.optional(
        v.pipe(v.string(), v.regex(/^[!-~]*$/, 'must be visible ASCII')),
        'Bearer',
      ),
    }),
    {},
  ),
  query: v.optional(v.strictObject({ name: v.optional(nonEmpty, 'access_token') }), {}),
});

/** How an endpoint is asked about one token. */
const tokenEndpoint = {
  url: urlTemplate,
  parameters_in: v.optional(requestShape.parameters_in, 'form'),
  client_authentication: v.optional(requestShape.client_authentication, 'client_secret_post'),
  names: v.optional(
    v.partial(
      v.strictObject({
        token: nonEmpty,
        token_type_hint: parameterName,
        client_id: parameterName,
        client_secret: parameterName,
      }),
    ),
    {},
  ),
} as const;

const definitionShape = v.strictObject({
  $schema: v.optional(v.string()),
  name: v.pipe(
    v.string(),
    v.regex(/^[a-z0-9](-?[a-z0-9]){0,62}$/, 'must be lower-case, parted by hyphens'),
  ),
  title: nonEmpty,
  /** The vendor's page that the definition was written from. */
  documentation: v.pipe(v.string(), v.url('must be a URL')),
  params: v.optional(
    v.record(v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'must be a name')), param),
    {},
  ),
  authorize: v.optional(authorize),
  token: tokenRequest,
  /** The grants this provider offers to us, each with what differs from `token`. */
  grants: v.partial(
    v.strictObject({
      authorization_code: grant,
      refresh_token: grant,
      password: grant,
      client_credentials: grant,
    }),
  ),
  /** RFC 7009; unset where the provider has no revocation endpoint. */
  revoke: v.optional(v.strictObject(tokenEndpoint)),
  /** RFC 7662: asked when a token ends, where nothing that comes with it tells. */
  introspect: v.optional(
    v.strictObject({
      ...tokenEndpoint,
      answer: v.optional(
        v.strictObject({
          active: v.optional(paths, ['active']),
          exp: v.optional(paths, ['exp']),
          expires_in: v.optional(paths),
        }),
        {},
      ),
    }),
  ),
  answer: v.optional(answer, {}),
  failures: v.optional(v.array(failure), []),
  api: v.optional(api, {}),
  scope: v.optional(
    v.strictObject({
      /** Asked for where the registration names none. */
      default: v.optional(nonEmpty),
      separator: v.optional(v.picklist([' ', ',', '+']), ' '),
    }),
    {},
  ),
  rotation: v.optional(rotation, 'undeclared'),
  /** More grants refused within ten minutes than this are not believed to be dead. */
  refused_grants_brake: v.optional(countFromOne, 10),
  lifetimes: v.optional(lifetimes, {}),
});

/** The schema of a provider definition, and of what a definition becomes with its overrides. */
export const definitionSchema = v.pipe(
  definitionShape,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const message of listContradictions(dataset.value)) addIssue({ message });
  }),
);

/** A checked definition, defaults filled in. */
export type Definition = v.InferOutput<typeof definitionSchema>;

/** A definition as its author writes it. */
export type DefinitionInput = v.InferInput<typeof definitionSchema>;

export type GrantType = v.InferOutput<typeof grantType>;
export type TokenRequestShape = v.InferOutput<typeof tokenRequest>;
export type FailureRule = v.InferOutput<typeof failure>;
