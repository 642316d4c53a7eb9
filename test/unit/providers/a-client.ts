import type { ClientName } from '../../../lib/names.ts';
import { type Catalogue, catalogue } from '../../../lib/providers/catalogue.ts';
import type { Client } from '../../../lib/providers/client.ts';
import type { DefinitionInput } from '../../../lib/providers/definition.ts';
import type { Json } from '../../../lib/providers/merge-patch.ts';
import { resolveClient } from '../../../lib/providers/resolve-client.ts';

const sound = { provider: 'oauth2', client_id: 'app-1', client_secret: 'hush' };

/** A registration as JSON text; what is not said is a confidential client of `oauth2`. */
export function aRegistration(members: object = {}): string {
  return JSON.stringify({ ...sound, ...members });
}

/** The client that such a registration makes. */
export function aClient(members: object = {}, definitions: Catalogue = catalogue): Client {
  return resolveClient('acme' as ClientName, aRegistration(members), 'v1', definitions);
}

/** A definition as its author writes it; what is not said is plain RFC 6749. */
export function aDefinition(members: Partial<DefinitionInput> = {}): DefinitionInput {
  return {
    name: 'example',
    title: 'Example',
    documentation: 'https://example.com/docs',
    authorize: { url: 'https://as.example.com/authorize' },
    token: { url: 'https://as.example.com/token' },
    grants: { authorization_code: {}, refresh_token: {} },
    ...members,
  };
}

/** A client of a provider that has just this definition. */
export function aClientOf(definition: Partial<DefinitionInput>, members: object = {}): Client {
  const definitions: Catalogue = new Map([['example', aDefinition(definition) as Json]]);
  return aClient({ provider: 'example', ...members }, definitions);
}

/** The problems of the fault that `act` throws, or none when it throws nothing. */
export function problemsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    return (error as { context: { problems: readonly string[] } }).context.problems;
  }
  return [];
}
