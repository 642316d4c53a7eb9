import * as v from 'valibot';
import { parseClientName } from '../../lib/names.ts';
import type { Client } from '../../lib/providers/client.ts';
import {
  type Definition,
  type DefinitionInput,
  definitionSchema,
} from '../../lib/providers/definition.ts';
import { Secret } from '../../lib/secret.ts';

/** A provider that does as RFC 6749 says; a test states only how it differs. */
export function aDefinition(overrides: Partial<DefinitionInput> = {}): Definition {
  return v.parse(definitionSchema, {
    name: 'oauth2',
    title: 'OAuth 2.0',
    documentation: 'https://www.rfc-editor.org/rfc/rfc6749',
    authorize: { url: 'https://as.example.com/authorize' },
    token: { url: 'https://as.example.com/token' },
    grants: { authorization_code: {}, refresh_token: {}, password: {}, client_credentials: {} },
    ...overrides,
  });
}

/** A confidential client of such a provider. */
export function aClient(overrides: Partial<Client> = {}): Client {
  return {
    name: parseClientName('acme'),
    definition: aDefinition(),
    clientId: 'client-id',
    secrets: [new Secret('client_secret', 'client-secret')],
    params: {},
    returnUrls: ['https://app.example.com/connected'],
    tokenRequestHeaders: {},
    version: 'version-1',
    ...overrides,
  };
}
