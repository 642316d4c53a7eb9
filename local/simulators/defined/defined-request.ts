/**
 * Requests to a simulated provider, read as strictly as its definition describes them.
 *
 * @module
 */
import type { Client } from '../../../lib/providers/client.ts';
import type { GrantType, TokenRequestShape } from '../../../lib/providers/definition.ts';
import { fillTemplate } from '../../../lib/providers/params.ts';
import { placeholders } from '../../../lib/providers/templates.ts';
import { readForm, readJsonObject, type SimulatedRequest } from '../simulated-http.ts';
import type { RegisteredClient } from '../vendor.ts';

export type Parameters = ReadonlyMap<string, string>;

/** How a request is told to be made: a token request, or one about a token. */
export type Shape = Pick<TokenRequestShape, 'parameters_in' | 'client_authentication'> & {
  readonly names: Readonly<Record<string, string | false | undefined>>;
};

/** The parameters of a request, from where the shape has them; undefined when they are not there. */
export function readParameters(
  request: SimulatedRequest,
  parametersIn: Shape['parameters_in'],
): Parameters | undefined {
  if (parametersIn === 'query') return new Map(request.query);
  if (parametersIn === 'form') {
    const form = readForm(request);
    return form && new Map(form);
  }
  const body = readJsonObject(request);
  const members = Object.entries(body ?? {}).filter(
    (member): member is [string, string] => typeof member[1] === 'string',
  );
  return body && members.length === Object.keys(body).length ? new Map(members) : undefined;
}

/** The provider's name for a standard parameter; undefined where it knows no such. */
export function wireName({ names }: Pick<Shape, 'names'>, standard: string): string | undefined {
  const own = Object.hasOwn(names, standard) ? names[standard] : standard;
  return own === false ? undefined : (own ?? standard);
}

/** The value of a standard parameter, under the provider's name for it. */
export function parameterOf(
  shape: Pick<Shape, 'names'>,
  parameters: Parameters,
  standard: string,
): string | undefined {
  const name = wireName(shape, standard);
  return name === undefined ? undefined : parameters.get(name);
}

/** Whom the request is from (RFC 6749 §2.3.1), if it proves it in the one way that is wanted. */
export function readClient(
  clients: readonly RegisteredClient[],
  shape: Shape,
  { request, parameters }: { readonly request: SimulatedRequest; readonly parameters: Parameters },
): RegisteredClient | undefined {
  const inBody = parameterOf(shape, parameters, 'client_secret') !== undefined;
  const basic = readBasic(request.headers.authorization);
  const isBasic = shape.client_authentication === 'client_secret_basic';
  if (isBasic ? inBody : basic !== undefined) return undefined;
  const [id, secret] = isBasic
    ? (basic ?? [])
    : ['client_id', 'client_secret'].map((name) => parameterOf(shape, parameters, name));
  return clients.find(({ clientId, clientSecret }) => clientId === id && clientSecret === secret);
}

function readBasic(header = ''): readonly string[] | undefined {
  const [, encoded] = /^Basic +(\S+)$/i.exec(header) ?? [];
  if (encoded === undefined) return undefined;
  return Buffer.from(encoded, 'base64')
    .toString('utf8')
    .split(':')
    .map((part) => new URLSearchParams(`=${part}`).get('') ?? '');
}

const ofGrant: Readonly<Record<GrantType, readonly string[]>> = {
  authorization_code: ['code', 'redirect_uri', 'code_verifier'],
  refresh_token: ['refresh_token', 'scope'],
  password: ['username', 'password', 'scope'],
  client_credentials: ['scope'],
};

/** Which parameter no request of a grant is without, beside its type. */
export const credentialOf: Readonly<Record<GrantType, string | undefined>> = {
  authorization_code: 'code',
  refresh_token: 'refresh_token',
  password: 'username',
  client_credentials: undefined,
};

/** Whether a token request has all that its shape fixes, and nothing that it does not know. */
export function fitsShape(
  client: Client,
  { shape, grantType }: { readonly shape: TokenRequestShape; readonly grantType: GrantType },
  { request, parameters }: { readonly request: SimulatedRequest; readonly parameters: Parameters },
): boolean {
  const standard = ['grant_type', 'client_id', 'client_secret', ...ofGrant[grantType]];
  const known = [...standard.map((name) => wireName(shape, name)), ...Object.keys(shape.params)];
  const ofUrl = new Set(new URL(fillTemplate(client, {}, shape.url ?? '')).searchParams.keys());
  const isKnown = (name: string) => known.includes(name) || ofUrl.has(name);
  return (
    [...parameters.keys()].every(isKnown) &&
    hasFixed(client, shape.params, (name) => parameters.get(name)) &&
    hasFixed(client, shape.headers, (name) => request.headers[name.toLowerCase()])
  );
}

/** Whether each fixed value is there; one that a connection gives may be anything. */
export function hasFixed(
  client: Client,
  fixed: Readonly<Record<string, string>>,
  read: (name: string) => string | null | undefined,
): boolean {
  return Object.entries(fixed).every(([name, template]) => {
    const value = read(name);
    const isOurs = placeholders(template).every((param) => Object.hasOwn(client.params, param));
    return isOurs ? value === fillTemplate(client, {}, template) : Boolean(value);
  });
}
