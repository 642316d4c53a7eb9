import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { tokenRequester } from '../../../lib/oauth/request-token.ts';
import { tokenRevoker } from '../../../lib/oauth/revoke-token.ts';
import type { TokenRequest } from '../../../lib/oauth/token-endpoint.ts';
import {
  type ProviderResponse,
  type Transport,
  TransportError,
} from '../../../lib/oauth/transport.ts';
import { Secret } from '../../../lib/secret.ts';
import { aClient, aClock, json, text } from './token-endpoint-fixtures.ts';

const client = {
  ...aClient({
    definition: { revoke: { url: 'https://as.example/revoke' } },
    registration: { token_request_headers: { 'X-Key': 'canary-header' } },
  }),
  secrets: [new Secret('client_secret', 'canary-new'), new Secret('client_secret', 'canary-old')],
};
const refreshToken = new Secret('refresh_token', 'canary-refresh');
const requests: readonly TokenRequest[] = [
  { grantType: 'refresh_token', refreshToken, params: {} },
  {
    grantType: 'authorization_code',
    code: new Secret('authorization_code', 'canary-code'),
    redirectUri: 'https://broker.example/callback/x',
    codeVerifier: new Secret('code_verifier', 'canary-verifier'),
    params: {},
  },
  {
    grantType: 'password',
    username: 'ann',
    password: new Secret('password', 'canary-password'),
    params: {},
  },
];

const tokens = {
  access_token: 'canary-access',
  refresh_token: 'canary-next',
  token_type: 'bearer',
};
const answers: readonly (readonly [string, ProviderResponse | Error])[] = [
  ['a grant', json(tokens)],
  ['a token with a line break', json({ ...tokens, access_token: 'canary\r\n' })],
  ['a wrong token type', json({ ...tokens, token_type: 'canary-type' })],
  ['no token', json({ message: 'canary' })],
  ['an error that quotes us', json({ error: 'canary-refresh', error_description: 'canary-new' })],
  ['an error object that quotes us', json({ error: { code: 'canary' } }, { status: 400 })],
  ['invalid_grant', json({ error: 'invalid_grant', hint: 'canary-refresh' }, { status: 400 })],
  ['invalid_client', json({ error: 'invalid_client', hint: 'canary-new' }, { status: 401 })],
  ['a page', text('<html>canary', 'text/html')],
  ['broken JSON', text('{"access_token":"canary-access', 'application/json')],
  ['a token twice', text('{"access_token":"canary","access_token":"canary2"}', 'application/json')],
  ['a redirect', json(tokens, { status: 302, headers: { location: 'https://x/?canary' } })],
  ['429', json(tokens, { status: 429, headers: { 'retry-after': 'canary' } })],
  ['503', json(tokens, { status: 503 })],
  ['a challenge', json(tokens, { status: 401, headers: { 'www-authenticate': 'canary' } })],
  ['a time-out', new TransportError('timeout', true)],
  ['an error of the platform', new TypeError('Invalid header value: canary-header')],
];

/** Everything that printing could show of a value, and of an error's cause and stack. */
function shown(value: unknown): string {
  const all = inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true });
  const stack = value instanceof Error ? `${value.stack} ${inspect(value.cause)}` : '';
  return `${all} ${JSON.stringify(value)} ${String(value)} ${stack}`;
}

it.each(answers)('an ending by %s shows no secret however it is printed', async (_, answer) => {
  const transport: Transport = async () => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const ports = { transport, clock: aClock() };

  for (const request of requests) {
    const outcome = await tokenRequester(ports)(client, request, 1000).catch((error) => error);

    expect(outcome).not.toBeInstanceOf(Error);
    expect(shown(outcome)).not.toContain('canary');
  }
  expect(shown(await tokenRevoker(ports)(client, refreshToken, 1000))).not.toContain('canary');
});

it('a private key that cannot be read is shown by no error', async () => {
  const transport: Transport = async () => json(tokens);
  const privateKey = new Secret('private_key', '{"kty":"RSA","alg":"RS256","d":"canary"}');
  const request = requests[0] as TokenRequest;

  const error = await tokenRequester({ transport, clock: aClock() })(
    { ...client, privateKey },
    request,
    1000,
  ).catch((reason) => reason);

  expect(error).toBeInstanceOf(Error);
  expect(shown(error)).not.toContain('canary');
});
