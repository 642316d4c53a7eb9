import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import {
  type ClientMetadata,
  type Configuration,
  Provider,
  type ProviderContext,
} from 'oidc-provider';
import { vi } from 'vitest';

/** Where every client's answers go: nothing listens there, the scripted browser stops before it. */
export const redirectUri = 'https://broker.example.com/callback/acme';

/** The API whose access tokens are JWTs; those of the server itself are opaque. */
export const jwtApi = 'https://api.example.com/';

/** An authorization server that was written by others and is certified, on a port of its own. */
export interface AuthorizationServer {
  /** Its issuer identifier, and the base of its endpoints. */
  readonly issuer: string;
  readonly close: () => Promise<void>;
}

interface TokenForApi {
  readonly resourceServer?: { readonly accessTokenTTL: number };
}

interface ServerClient {
  readonly clientId: string;
}

/** What the server knows of a client: everything but how it authenticates. */
export function aServerClient(metadata: ClientMetadata): ClientMetadata {
  return {
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    ...metadata,
  };
}

/** A protected resource, which may ask the server what a token is worth (RFC 7662). */
export const apiClient: ClientMetadata = {
  client_id: 'api',
  client_secret: 'the-api-itself',
  redirect_uris: [],
  grant_types: [],
  response_types: [],
};

/**
 * Starts it: PKCE required, `iss` in its answers, introspection, revocation, a new refresh token
 * for each old one but for the client `steady`, and the whole grant revoked when an old one is
 * seen again.
 */
export async function startAuthorizationServer(
  clients: readonly ClientMetadata[],
): Promise<AuthorizationServer> {
  const server = createServer();
  const issuer = await listen(server);
  const configuration = await buildConfiguration(clients);
  server.on('request', quietly(() => new Provider(issuer, configuration)).callback());
  return { issuer, close: () => close(server) };
}

async function buildConfiguration(clients: readonly ClientMetadata[]): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return {
    clients: [apiClient, ...clients],
    jwks: { keys: [await exportJWK(privateKey)] },
    cookies: { keys: ['a key for the cookies of a test'] },
    pkce: { required: () => true },
    rotateRefreshToken: ({ oidc }: ProviderContext) => oidc.client?.clientId !== 'steady',
    ttl: lifetimes,
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: async () => ({ sub: accountId }),
    }),
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'read',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 900,
        }),
      },
    },
  };
}

/** In seconds. */
const lifetimes = {
  AccessToken: (_context: unknown, token: TokenForApi) =>
    token.resourceServer?.accessTokenTTL ?? 3600,
  ClientCredentials: 600,
  IdToken: 600,
  Interaction: 600,
  Session: 600,
  RefreshToken: 7200,
  Grant: 7200,
};

/** RFC 7009 §2.1: a client revokes what was issued to it, and nothing else. */
function isOwnToken(_context: unknown, client: ServerClient, token: ServerClient): boolean {
  return client.clientId === token.clientId;
}

/** It says at each start that its memory and its pages are not for production. */
function quietly<Value>(start: () => Value): Value {
  const warnings = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  try {
    return start();
  } finally {
    warnings.mockRestore();
  }
}

/** Listens on a free port of the loopback address. */
export function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

export function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** What the server says of a token to the API that it was shown to. */
export async function introspect(
  { issuer }: AuthorizationServer,
  token: string,
): Promise<{ readonly active: boolean; readonly scope?: string; readonly exp?: number }> {
  const { client_id: id, client_secret: secret = '' } = apiClient;
  const response = await fetch(`${issuer}/token/introspection`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ token }),
  });
  return (await response.json()) as { readonly active: boolean };
}
