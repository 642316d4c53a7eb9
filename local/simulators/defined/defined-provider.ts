/**
 * A provider of which there is a definition and no simulator made by hand: the client that it is
 * simulated with, and where its endpoints stand in the simulation.
 *
 * @module
 */
import { type ClientName, parseClientName } from '../../../lib/names.ts';
import type { Client } from '../../../lib/providers/client.ts';
import type { Definition } from '../../../lib/providers/definition.ts';
import type { Json } from '../../../lib/providers/merge-patch.ts';
import { fillTemplate, offersGrant } from '../../../lib/providers/params.ts';
import { resolveClient } from '../../../lib/providers/resolve-client.ts';
import { listGrantTypes } from '../../../lib/providers/token-request-shape.ts';
import {
  definitionFolder,
  listDefinitionNames,
  readDefinitionFile,
} from '../../definition-files.ts';
import { vendorNames } from '../demo-accounts.ts';
import type { DemoRegistration } from '../registrations.ts';

export interface DefinedProvider {
  readonly name: string;
  /** The definition with our params; its URLs are the real provider's. */
  readonly client: Client;
  readonly clientSecret: string;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The definitions that have no simulator of their own. One that knows no token endpoint, such as
 * the blank one, has nothing to simulate.
 *
 * @throws {Error} naming each problem of a file that cannot be used.
 */
export function listDefinedProviders(
  folder: string = definitionFolder,
): readonly DefinedProvider[] {
  const names = listDefinitionNames(folder).filter(
    (name) => !vendorNames.some((vendor) => vendor === name),
  );
  return names.flatMap((name) => {
    const reading = readDefinitionFile(name, folder);
    if (reading.outcome === 'refused') throw new Error(reading.problems.join('; '));
    const provider = buildDefinedProvider(reading.written, reading.definition);
    const { client } = provider;
    const isKnown = listGrantTypes(client.definition).some((grant) => offersGrant(client, grant));
    return isKnown ? [provider] : [];
  });
}

function buildDefinedProvider(written: Json, definition: Definition): DefinedProvider {
  const { name } = definition;
  const params = demoParams(definition);
  const clientSecret = `demo-${name}-secret`;
  const registration = {
    provider: name,
    client_id: `demo-${name}-client`,
    client_secret: clientSecret,
    params,
  };
  const client = resolveClient(
    clientNameOf(name),
    JSON.stringify(registration),
    'demo',
    new Map([[name, written]]),
  );
  return { name, client, clientSecret, params };
}

/** What our client of a provider is called. */
export function clientNameOf(provider: string): ClientName {
  return parseClientName(`${provider}-acme`);
}

/** A value for each param of the registration that has no default. */
function demoParams({ params }: Definition): Readonly<Record<string, string>> {
  const given = Object.entries(params).flatMap(([name, param]) => {
    if (param.of !== 'registration' || param.default !== undefined) return [];
    const [choice] = Object.keys(param.choices ?? {});
    return [[name, choice ?? (param.format === 'host_label' ? 'acme' : 'demo')]];
  });
  return Object.fromEntries(given);
}

/**
 * Where an endpoint stands in the simulation: below its own host, since the hosts of one provider
 * may have the same paths.
 *
 * @param template - a URL of the definition.
 */
export function standInPath(client: Client, template: string): string {
  const { host, pathname } = new URL(fillTemplate(client, {}, template));
  return `/${host}${pathname}`;
}

/**
 * The registration of our client: the definition as it is, each of its URLs at the simulator. A URL
 * that the definition does not know stays unknown.
 *
 * @param url - the simulator's base, without a slash at the end.
 */
export function buildDefinedRegistration(
  { name, client, clientSecret, params }: DefinedProvider,
  url: string,
  returnUrls: readonly string[],
): DemoRegistration {
  const { authorize, token, grants, revoke, introspect, api } = client.definition;
  const standIn = (template: string | null | undefined) => {
    if (typeof template !== 'string') return undefined;
    const { search } = new URL(fillTemplate(client, {}, template));
    return `${url}${standInPath(client, template)}${search}`;
  };
  const own = listGrantTypes({ grants }).flatMap((grant) => {
    const grantUrl = standIn(grants[grant]?.url);
    return grantUrl === undefined ? [] : [[grant, { url: grantUrl }] as const];
  });
  const overrides = {
    authorize: { url: standIn(authorize?.url) },
    token: { url: standIn(token.url) },
    revoke: { url: standIn(revoke?.url) },
    introspect: { url: standIn(introspect?.url) },
    api: { base_url: standIn(api.base_url) },
  };
  const known = Object.entries(overrides).filter(([, member]) =>
    Object.values(member).some((value) => value !== undefined),
  );
  return {
    provider: name,
    client_id: client.clientId,
    client_secret: clientSecret,
    params,
    return_urls: returnUrls,
    provider_overrides: {
      ...Object.fromEntries(known),
      ...(own.length === 0 ? {} : { grants: Object.fromEntries(own) }),
    },
  };
}
