/**
 * A client's definition with its params filled in: what the flows and the token endpoint use.
 *
 * @module
 */
import { Fault } from '../fault.ts';
import { memberName } from '../read-strictly.ts';
import type { Client } from './client.ts';
import type { GrantType, TokenRequestShape } from './definition.ts';
import { isJsonObject, type Json } from './merge-patch.ts';
import { adviseOverride } from './override-advice.ts';
import { describeParam, readParamValue } from './param-value.ts';
import { replacePlaceholders } from './templates.ts';
import { listGrantTypes, mergeTokenRequestShape } from './token-request-shape.ts';

/** What the params of one connection stand for in templates, by name. */
export type ConnectionParams = Readonly<Record<string, string>>;

/**
 * Reads the params that a caller gives with a connection.
 *
 * Only what the definition marks as the connection's is taken. A param that the registration sets
 * is left out, whatever the caller says: the registration's own wins in every template.
 *
 * @param input - untrusted; undefined when the caller gave none.
 * @throws {Fault} `REQUEST_INVALID` naming each param that is unknown, malformed or not a caller's.
 */
export function parseConnectionParams(client: Client, input: unknown): ConnectionParams {
  const { definition, params: own } = client;
  const given = input === undefined ? {} : (input as Json);
  if (!isJsonObject(given)) refuse(['params must be an object']);
  const problems: string[] = [];
  for (const name of Object.keys(given)) {
    const param = Object.hasOwn(definition.params, name) ? definition.params[name] : undefined;
    if (!param) problems.push(`params.${memberName(name)} is not a param of ${definition.name}`);
    else if (param.of !== 'connection') {
      problems.push(`params.${name} is set by the registration, not by a caller`);
    }
  }
  const params = new Map<string, string>();
  for (const [name, param] of Object.entries(definition.params)) {
    const value = Object.hasOwn(given, name) ? given[name] : param.default;
    if (param.of !== 'connection' || value === undefined) continue;
    const reading = readParamValue(definition, name, value);
    if (reading.outcome === 'refused') problems.push(`params.${name} ${reading.problem}`);
    else if (!Object.hasOwn(own, name)) params.set(name, reading.text);
  }
  if (problems.length > 0) refuse(problems);
  return Object.fromEntries(params);
}

/**
 * Puts the values of params in the place of a template's `{name}`s, the registration's before the
 * connection's.
 *
 * In a URL a value is percent-encoded, so that it stays within its segment; the value of a choice
 * is not, since it is the definition's own text.
 *
 * @param text - a template of `client.definition`.
 * @throws {Fault} `REQUEST_INVALID` naming a param that the connection was not given.
 */
export function fillTemplate(client: Client, params: ConnectionParams, text: string): string {
  const inUrl = /^https?:\/\//.test(text);
  return replacePlaceholders(text, (name) => {
    const value = [client.params, params].find((values) => Object.hasOwn(values, name))?.[name];
    if (value === undefined) {
      return refuse([`params.${name} is required: ${describeParam(client.definition, name)}`]);
    }
    const verbatim = !inUrl || client.definition.params[name]?.choices !== undefined;
    return verbatim ? value : encodeURIComponent(value);
  });
}

/** How to present one grant; its `url` is filled in, its other templates are not. */
export type KnownTokenRequestShape = TokenRequestShape & { readonly url: string };

/**
 * Reads how a grant is presented to this client's provider.
 *
 * @throws {Fault} `REQUEST_INVALID` when the provider does not offer the grant or its endpoint is
 *   not known; it names the member to set, and the secret.
 */
export function tokenRequestShape(client: Client, grantType: GrantType): KnownTokenRequestShape {
  const { grants, title } = client.definition;
  const own = grants[grantType];
  if (!own) {
    const advice = adviseOverride(client, [`grants.${grantType}`]);
    return refuse([`the ${grantType} grant is not offered by ${title}; where it is, ${advice}`]);
  }
  const shape = mergeTokenRequestShape(client.definition, grantType);
  if (shape.url === null) {
    const member = own.url === null ? `grants.${grantType}.url` : 'token.url';
    const advice = adviseOverride(client, [member]);
    return refuse([`the URL for the ${grantType} grant is not known; ${advice}`]);
  }
  return { ...shape, url: fillTemplate(client, {}, shape.url) };
}

/** Whether a grant can be presented at all: offered, and its endpoint known. */
export function offersGrant({ definition }: Client, grantType: GrantType): boolean {
  return (
    definition.grants[grantType] !== undefined &&
    mergeTokenRequestShape(definition, grantType).url !== null
  );
}

/**
 * The origins of all endpoints that are sent credentials: what a connection pins of its client.
 *
 * @returns each once, sorted.
 */
export function endpointOrigins(client: Client): readonly string[] {
  const { definition } = client;
  const urls = [
    definition.token.url,
    ...listGrantTypes(definition).map((grantType) => definition.grants[grantType]?.url),
    definition.revoke?.url,
    definition.introspect?.url,
  ];
  const origins = urls.flatMap((url) =>
    typeof url === 'string' ? [new URL(fillTemplate(client, {}, url)).origin] : [],
  );
  return [...new Set(origins)].sort();
}

function refuse(problems: readonly string[]): never {
  throw new Fault('REQUEST_INVALID', { problems });
}
