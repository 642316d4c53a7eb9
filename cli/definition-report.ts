/**
 * What a definition does that RFC 6749 does not, and what it leaves unset, in words.
 *
 * @module
 */
import type { Definition, TokenRequestShape } from '../lib/providers/definition.ts';
import { listGrantTypes, mergeTokenRequestShape } from '../lib/providers/token-request-shape.ts';

/** A member that is not set, and what follows from that. */
export interface UnsetMember {
  readonly member: string;
  readonly meaning: string;
}

/** What no page of the vendor told whoever wrote the definition. */
export function listUnset(definition: Definition): readonly UnsetMember[] {
  const { authorize, grants, revoke, rotation, lifetimes, answer, api } = definition;
  const isMissing: readonly (readonly [boolean, string, string])[] = [
    [!authorize?.url, 'authorize.url', 'nobody can connect through a browser'],
    [!grants.refresh_token, 'grants.refresh_token', 'refresh tokens are not used'],
    ...urlsUnset(definition),
    [!revoke, 'revoke', 'disconnecting deletes here, and ends nothing at the provider'],
    [rotation === 'undeclared', 'rotation', 'each refresh token is taken to work only once'],
    [
      lifetimes.access_token_seconds === undefined,
      'lifetimes.access_token_seconds',
      'a token whose answer tells no life is refreshed only once an API refuses it',
    ],
    [!answer.account_id, 'answer.account_id', 'a reconnect with another account goes unnoticed'],
    [api.base_url === undefined, 'api.base_url', 'callers are told no address of the API'],
  ];
  return isMissing.flatMap(([missing, member, meaning]) => (missing ? [{ member, meaning }] : []));
}

function urlsUnset(definition: Definition) {
  return listGrantTypes(definition).flatMap((grantType) => {
    if (mergeTokenRequestShape(definition, grantType).url !== null) return [];
    const isOwn = definition.grants[grantType]?.url === null;
    const member = isOwn ? `grants.${grantType}.url` : 'token.url';
    return [[true, member, `the ${grantType} grant cannot be used`] as const];
  });
}

/** Whether, and at what cost, a definition does without PKCE: nobody is to find that out late. */
export function pkceOptOut({ authorize }: Definition): string | undefined {
  if (authorize?.pkce !== false) return undefined;
  return 'PKCE is off: an intercepted authorization code can be used by others (RFC 7636)';
}

/** What the border translates, one thing a line; empty for a provider that does as the RFC says. */
export function describeDialect(definition: Definition): readonly string[] {
  return [
    ...authorizeDialect(definition),
    ...shapeDialect('token', definition.token),
    ...listGrantTypes(definition).flatMap((grantType) =>
      shapeDialect(grantType, definition.grants[grantType] ?? {}),
    ),
    ...answerDialect(definition),
    ...apiDialect(definition),
  ];
}

function authorizeDialect({ authorize, scope }: Definition): readonly string[] {
  if (!authorize) return [];
  const { names, params, callback } = authorize;
  return [
    ...renamed('authorize', names),
    ...fixed('authorize', params),
    ...renamed('callback', callback.names),
    ...kept('callback', Object.keys(callback.values)),
    ...(authorize.issuer ? ['callback: iss is required (RFC 9207)'] : []),
    ...(scope.separator === ' ' ? [] : [`scope: tokens are joined by "${scope.separator}"`]),
    ...(scope.default === undefined ? [] : [`scope: "${scope.default}" is asked for by default`]),
  ];
}

type RequestShape = {
  readonly [Name in keyof TokenRequestShape]?: TokenRequestShape[Name] | undefined;
};

/** What a shape says beyond its defaults: of all token requests, or of one grant's. */
function shapeDialect(place: string, shape: RequestShape): readonly string[] {
  const { method = 'POST', parameters_in = 'form', names = {}, params = {}, headers = {} } = shape;
  const isBasic = shape.client_authentication === 'client_secret_basic';
  return [
    ...(method === 'POST' ? [] : [`${place}: sent by ${method}`]),
    ...(parameters_in === 'form' ? [] : [`${place}: parameters as ${parameters_in}`]),
    ...(isBasic ? [`${place}: the client authenticates by HTTP Basic`] : []),
    ...renamed(place, names),
    ...fixed(place, params),
    ...Object.keys(headers).map((name) => `${place}: header ${name} is sent`),
  ];
}

/** Where each member of an answer is looked for by RFC 6749 §5.1. */
const standardPaths: Readonly<Record<string, string>> = {
  access_token: 'access_token',
  refresh_token: 'refresh_token',
  token_type: 'token_type',
  scope: 'scope',
  expires_in: 'expires_in',
  refresh_token_expires_in: 'refresh_token_expires_in',
};

function answerDialect({ answer, failures, rotation, lifetimes }: Definition): readonly string[] {
  const { unit, values, ...paths } = answer;
  const lines = Object.entries(paths).flatMap(([name, path]) => {
    const places = [path].flat().join(', ');
    return path === undefined || places === standardPaths[name]
      ? []
      : [`answer: ${name} is read from ${places}`];
  });
  return [
    ...lines,
    ...kept('answer', Object.keys(values)),
    ...(unit === 'seconds' ? [] : [`answer: times are in ${unit}`]),
    ...failures.map(
      ({ http_status, where, means, grant }) =>
        `failure: ${[
          http_status && `status ${http_status.join(' or ')}`,
          where && `${where.path} ${where.in.join(' or ')}`,
          grant && `at ${grant.join(' or ')}`,
        ]
          .filter(Boolean)
          .join(', ')} means ${means}`,
    ),
    ...(rotation === 'undeclared' ? [] : [`rotation: ${rotationText(rotation)}`]),
    ...Object.entries(lifetimes).map(([name, seconds]) => `lifetimes: ${name} ${seconds}`),
  ];
}

function rotationText(rotation: Exclude<Definition['rotation'], 'undeclared'>): string {
  if (rotation === 'none') return 'refresh tokens are never replaced';
  if (rotation === 'strict') return 'a refresh token works once';
  return `a replaced refresh token works for ${rotation.grace_seconds} s more`;
}

function apiDialect({ api, revoke, token }: Definition): readonly string[] {
  const { header, query, token_in } = api;
  const isStandard = header.name === 'Authorization' && header.scheme === 'Bearer';
  const place =
    token_in === 'query'
      ? `query parameter ${query.name}`
      : `header ${header.name}, ${header.scheme === '' ? 'bare' : `as ${header.scheme}`}`;
  const basic = revoke?.client_authentication !== token.client_authentication;
  return [
    ...(token_in === 'header' && isStandard ? [] : [`api: the token goes into ${place}`]),
    ...(revoke ? renamed('revoke', revoke.names) : []),
    ...(revoke && basic ? [`revoke: the client uses ${revoke.client_authentication}`] : []),
  ];
}

function renamed(
  place: string,
  names: Readonly<Record<string, string | false | undefined>>,
): readonly string[] {
  return Object.entries(names).flatMap(([name, own]) => {
    if (own === undefined || own === name) return [];
    return [own === false ? `${place}: ${name} is not sent` : `${place}: ${name} is called ${own}`];
  });
}

/** Values of params may be secrets of a definition's author: names only. */
function fixed(place: string, params: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(params).map((name) => `${place}: ${name} is added`);
}

function kept(place: string, names: readonly string[]): readonly string[] {
  return names.map((name) => `${place}: ${name} is kept with the connection`);
}
