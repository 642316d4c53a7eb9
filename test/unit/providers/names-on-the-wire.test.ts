import { describe, expect, it } from 'vitest';
import { tokenRequester } from '../../../lib/oauth/request-token.ts';
import { tokenRevoker } from '../../../lib/oauth/revoke-token.ts';
import type { TokenRequest } from '../../../lib/oauth/token-endpoint.ts';
import type { DefinitionInput } from '../../../lib/providers/definition.ts';
import { Secret } from '../../../lib/secret.ts';
import { systemClock } from '../../../lib/time.ts';
import { aClientOf } from './a-client.ts';
import { schemaMembers } from './schema-members.ts';

/** What the four grants and a revocation send between them, each parameter once renamed. */
const requests: readonly TokenRequest[] = [
  {
    grantType: 'authorization_code',
    params: {},
    code: new Secret('authorization_code', 'c'),
    redirectUri: 'https://connect.example.com/callback/acme',
    codeVerifier: new Secret('code_verifier', 'v'),
  },
  { grantType: 'refresh_token', params: {}, refreshToken: new Secret('refresh_token', 'r') },
  {
    grantType: 'password',
    params: {},
    username: 'ann',
    password: new Secret('password', 'p'),
    scope: 's',
  },
  { grantType: 'client_credentials', params: {}, scope: 's' },
];

const namesIn = (place: string) =>
  schemaMembers
    .filter((path) => path.startsWith(`${place}.names.`))
    .map((path) => path.slice(`${place}.names.`.length));

/** The names of all parameters that are sent where the definition has these names for them. */
async function sentNames(members: Partial<DefinitionInput>): Promise<ReadonlySet<string>> {
  const sent = new Set<string>();
  const ports = {
    clock: systemClock,
    transport: async ({ body }: { readonly body?: string }) => {
      for (const name of new URLSearchParams(body).keys()) sent.add(name);
      const headers = { 'content-type': 'application/json' };
      return { status: 200, headers, body: '{"access_token":"t","token_type":"Bearer"}' };
    },
  };
  const client = aClientOf({
    grants: { authorization_code: {}, refresh_token: {}, password: {}, client_credentials: {} },
    revoke: { url: 'https://as.example.com/revoke' },
    ...members,
  });
  for (const request of requests) await tokenRequester(ports)(client, request, 1000);
  await tokenRevoker(ports)(client, new Secret('refresh_token', 'r'), 1000);
  return sent;
}

describe('a name for a parameter', () => {
  it.each(namesIn('token'))(
    'of token requests renames %s on the wire, or drops it',
    async (name) => {
      const url = 'https://as.example.com/token';
      const revoke = undefined;

      const renamed = await sentNames({ token: { url, names: { [name]: 'our own' } }, revoke });
      const dropped = await sentNames({ token: { url, names: { [name]: false } }, revoke });

      expect(renamed).toContain('our own');
      expect(renamed).not.toContain(name);
      expect(dropped).not.toContain(name);
    },
  );

  it.each(namesIn('revoke'))('of revocations renames %s on the wire', async (name) => {
    const url = 'https://as.example.com/revoke';

    const renamed = await sentNames({ revoke: { url, names: { [name]: 'our own' } } });

    expect(renamed).toContain('our own');
  });
});
