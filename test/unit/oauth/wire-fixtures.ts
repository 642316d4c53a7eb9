import { tokenRequester } from '../../../lib/oauth/request-token.ts';
import type { TokenRequest } from '../../../lib/oauth/token-endpoint.ts';
import type { ProviderResponse } from '../../../lib/oauth/transport.ts';
import type { Client } from '../../../lib/providers/client.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClock, json, scriptedTransport } from './token-endpoint-fixtures.ts';

export const exchange: TokenRequest = {
  grantType: 'authorization_code',
  code: new Secret('authorization_code', 'c-1'),
  redirectUri: 'https://broker.example/callback/example-acme',
  params: {},
};
export const refresh: TokenRequest = {
  grantType: 'refresh_token',
  refreshToken: new Secret('refresh_token', 'r-0'),
  params: {},
};
export const login: TokenRequest = {
  grantType: 'password',
  username: 'ann@acme.example',
  password: new Secret('password', 'p-1'),
  params: {},
};
export const ownCredentials: TokenRequest = { grantType: 'client_credentials', params: {} };
const usual = json({ access_token: 'a-1', token_type: 'Bearer' });

/** What goes out for a request, and how it ends with this answer. */
export async function ask(client: Client, request: TokenRequest, answer: ProviderResponse = usual) {
  const transport = scriptedTransport(answer);
  const outcome = await tokenRequester({ transport, clock: aClock() })(client, request, 1000);
  const [sent] = transport.requests;
  const body = sent?.body ?? '';
  const isJson = sent?.headers['content-type'] === 'application/json';
  return {
    outcome,
    line: `${sent?.method} ${sent?.url}`,
    contentType: sent?.headers['content-type'],
    authorization: sent?.headers.authorization,
    parameters: isJson ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body)),
  };
}

export const form = 'application/x-www-form-urlencoded';
export const ours = { client_id: 'our-id', client_secret: 's3cret' };
