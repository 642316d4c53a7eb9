/**
 * From the text of a secret to a client that is ready for use.
 *
 * @module
 */
import { Fault } from '../fault.ts';
import type { ClientName } from '../names.ts';
import { memberName, readStrictly } from '../read-strictly.ts';
import { Secret } from '../secret.ts';
import { type Catalogue, catalogue } from './catalogue.ts';
import type { Client } from './client.ts';
import { type Definition, definitionSchema } from './definition.ts';
import { isLoopbackHostname } from './loopback.ts';
import { applyMergePatch, type Json } from './merge-patch.ts';
import { describeParam, readParamValue } from './param-value.ts';
import { fillTemplate } from './params.ts';
import { parseRegistration, type Registration } from './registration.ts';
import { listTemplates, placeholders } from './templates.ts';
import { listGrantTypes, mergeTokenRequestShape } from './token-request-shape.ts';

/**
 * Makes a client of its registration: the provider's definition with the registration's overrides,
 * checked together with its params and its way to authenticate.
 *
 * @param secretText - the registration as stored; untrusted.
 * @param version - of the secret; a new one gives a refused client another chance.
 * @param definitions - the catalogue; another one in tests.
 * @throws {Fault} `REGISTRATION_INVALID` naming each faulty member by its path and saying what it
 *   must be. Repeats no value, since any of them may be a secret in the wrong place.
 */
export function resolveClient(
  name: ClientName,
  secretText: string,
  version: string,
  definitions: Catalogue = catalogue,
): Client {
  const registration = parseRegistration(name, secretText);
  const definition = mergeDefinition(name, registration, definitions);
  const params = readParams(name, registration, definition);
  const client = buildClient({ name, version, registration, definition, params });
  assertSound(client.name, [...urlProblems(client), ...authenticationProblems(client)]);
  return client;
}

function assertSound(client: ClientName, problems: readonly string[]): void {
  if (problems.length > 0) throw new Fault('REGISTRATION_INVALID', { client, problems });
}

function mergeDefinition(
  name: ClientName,
  { provider, provider_overrides: overrides }: Registration,
  definitions: Catalogue,
): Definition {
  const written = definitions.get(provider);
  if (written === undefined) {
    const known = [...definitions.keys()].join(', ');
    const problems = [`provider must be one of ${known}`];
    throw new Fault('REGISTRATION_INVALID', { client: name, problems });
  }
  const merged: Json = applyMergePatch(written, overrides);
  const reading = readStrictly(definitionSchema, merged);
  if (reading.outcome === 'read') return reading.value;
  const problems = reading.problems.map((problem) => `provider_overrides.${problem}`);
  throw new Fault('REGISTRATION_INVALID', { client: name, problems });
}

/** What each of the registration's params stands for, defaults filled in. */
function readParams(
  client: ClientName,
  { params: given }: Registration,
  definition: Definition,
): Readonly<Record<string, string>> {
  const problems: string[] = [];
  const params = new Map<string, string>();
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(definition.params, name)) continue;
    problems.push(`params.${memberName(name)} is not a param of ${definition.name}`);
  }
  const mentioned = new Set(
    listTemplates(definition).flatMap(({ text }) => [...placeholders(text)]),
  );
  for (const [name, param] of Object.entries(definition.params)) {
    const preset = param.of === 'registration' ? param.default : undefined;
    const value = Object.hasOwn(given, name) ? given[name] : preset;
    if (value !== undefined) {
      const reading = readParamValue(definition, name, value);
      if (reading.outcome === 'read') params.set(name, reading.text);
      else problems.push(`params.${name} ${reading.problem}`);
    } else if (param.of === 'registration' && mentioned.has(name)) {
      problems.push(`params.${name} is required: ${describeParam(definition, name)}`);
    }
  }
  assertSound(client, problems);
  return Object.fromEntries(params);
}

function buildClient({
  name,
  version,
  registration,
  definition,
  params,
}: {
  readonly registration: Registration;
} & Pick<Client, 'name' | 'version' | 'definition' | 'params'>): Client {
  const { client_secret, client_secrets, private_key, scope } = registration;
  const secrets = client_secrets ?? (client_secret === undefined ? [] : [client_secret]);
  const headers = Object.entries(registration.token_request_headers);
  return {
    name,
    definition,
    clientId: registration.client_id,
    secrets: secrets.map((secret) => new Secret('client_secret', secret)),
    ...(private_key && { privateKey: new Secret('private_key', JSON.stringify(private_key)) }),
    params,
    ...(scope !== undefined && { scope }),
    returnUrls: registration.return_urls,
    tokenRequestHeaders: Object.fromEntries(
      headers.map(([header, value]) => [header.toLowerCase(), new Secret('header', value)]),
    ),
    version,
  };
}

/** URLs as they are with the params filled in: well formed, and plain HTTP to loopback only. */
function urlProblems(client: Client): readonly string[] {
  return listTemplates(client.definition).flatMap(({ place, kind, text }) => {
    if (kind !== 'url') return [];
    const url = URL.parse(fillTemplate(client, {}, text));
    if (!url) return [`provider_overrides.${place} is no URL once its params are filled in`];
    return url.protocol === 'https:' || isLoopbackHostname(url.hostname)
      ? []
      : [`provider_overrides.${place} must be https: plain http is for loopback addresses only`];
  });
}

/** One client authentication per request (RFC 6749 §2.3). */
function authenticationProblems(client: Client): readonly string[] {
  const { definition, secrets, tokenRequestHeaders } = client;
  if (secrets.length === 0 || !Object.hasOwn(tokenRequestHeaders, 'authorization')) return [];
  const basic = listGrantTypes(definition).filter((grantType) => {
    const shape = mergeTokenRequestShape(definition, grantType);
    return shape.client_authentication === 'client_secret_basic';
  });
  return basic.length === 0
    ? []
    : [
        `token_request_headers.Authorization cannot stand beside client_secret_basic, which ${basic.join(', ')} would send in the same header`,
      ];
}
