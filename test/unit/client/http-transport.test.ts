import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { evergrantOverHttp } from '../../../lib/client/evergrant-over-http.ts';
import { httpTransport } from '../../../lib/client/http-transport.ts';
import { type AwsCredentials, httpSigner } from '../../../lib/client/sign-http.ts';
import { type Reply, type RunningServer, startHttpServer } from '../../../local/http-server.ts';
import { jsonReply } from '../../support/scripted-provider.ts';

const credentials: AwsCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'a-session',
};
const request = {
  client: 'hurma-acme',
  connection: '~ann@acme.example',
  minTtlSeconds: 60,
  maxWaitSeconds: 10,
};
let reply: Reply | Promise<Reply>;
let seen: { readonly request: IncomingMessage; readonly body: string } | undefined;
let server: RunningServer;

beforeAll(async () => {
  server = await startHttpServer(
    (incoming, body) => {
      seen = { request: incoming, body: body.toString() };
      return reply;
    },
    { port: 0, maxBodyBytes: 10_000 },
  );
});
beforeEach(() => {
  reply = jsonReply({ state: 'active' });
});
afterAll(() => server.close());

const ask = (
  timeoutMs = 10_000,
  given: Partial<{ url: string; who: () => Promise<AwsCredentials> }> = {},
) =>
  httpTransport({
    baseUrl: new URL(given.url ?? server.url),
    sign: httpSigner('eu-central-1', given.who ?? credentials),
    fetch,
  }).ask(request, timeoutMs);

const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** As AWS computes it of what it received (Signature Version 4). */
function signatureOf({ request, body }: NonNullable<typeof seen>): string {
  const { authorization = '', 'x-amz-date': date = '' } = request.headers;
  const [, names = ''] = /SignedHeaders=([^,]+)/.exec(authorization) ?? [];
  const headers = names.split(';').map((name) => `${name}:${request.headers[name]}\n`);
  const path = (request.url ?? '').split('/').map(encodeURIComponent).join('/');
  const canonical = [request.method, path, '', headers.join(''), names, hash(body)].join('\n');
  const day = String(date).slice(0, 8);
  const scope = `${day}/eu-central-1/execute-api/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, hash(canonical)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  return hmac(key, toSign).toString('hex');
}

it('posts to the route of the connection, and signs what it sends (Signature Version 4)', async () => {
  expect(await ask()).toEqual({ outcome: 'answered', message: { state: 'active' } });

  expect(seen?.request).toMatchObject({
    method: 'POST',
    url: '/connections/hurma-acme/~ann@acme.example/token',
    headers: { 'content-type': 'application/json', 'x-amz-security-token': 'a-session' },
  });
  expect(JSON.parse(seen?.body ?? '')).toEqual({
    client: 'hurma-acme',
    connection: '~ann@acme.example',
    min_ttl_seconds: 60,
    max_wait_seconds: 10,
  });
  const { authorization } = seen?.request.headers ?? {};
  expect(authorization).toContain('Credential=AKIDEXAMPLE/');
  expect(authorization).toMatch(/SignedHeaders=[^,]*\bhost;[^,]*\bx-amz-security-token\b/);
  expect(authorization).toContain(`Signature=${seen && signatureOf(seen)}`);
});

it('keeps the path that its base URL has', async () => {
  await ask(10_000, { url: `${server.url}/broker/` });

  expect(seen?.request.url).toBe('/broker/connections/hurma-acme/~ann@acme.example/token');
});

describe('of what comes back', () => {
  it.each<[string, Reply, object]>([
    [
      'a failure of the broker is its answer',
      jsonReply({ error: 'access_denied', status: 403 }, 403),
      { outcome: 'answered', message: { error: 'access_denied', status: 403 } },
    ],
    [
      'a refusal of API Gateway is that the caller may not ask',
      jsonReply({ message: 'Forbidden' }, 403),
      { outcome: 'denied' },
    ],
    [
      '429 of API Gateway is its rate limit',
      jsonReply({ message: 'Too Many Requests' }, 429),
      { outcome: 'unreachable', reason: 'throttled', mayRepeat: true },
    ],
    [
      '503 of API Gateway is a function that did not answer it',
      jsonReply({ message: 'Service Unavailable' }, 503),
      { outcome: 'unreachable', reason: 'service_error', mayRepeat: true },
    ],
    [
      '404 of API Gateway is a wrong address',
      jsonReply({ message: 'Not Found' }, 404),
      { outcome: 'unreachable', reason: 'not_found', mayRepeat: false },
    ],
    [
      'a page is no answer',
      { status: 200, body: '<html>' },
      { outcome: 'unreachable', reason: 'unusable_answer', mayRepeat: false },
    ],
    [
      'a redirect is not followed',
      { status: 302, headers: { location: 'https://elsewhere.example/' } },
      { outcome: 'unreachable', reason: 'unusable_answer', mayRepeat: false },
    ],
  ])('%s', async (_what, answer, expected) => {
    reply = answer;

    expect(await ask()).toEqual(expected);
  });
});

describe('where the API is not reached', () => {
  it('a connection that fails is tried again', async () => {
    const outcome = await ask(10_000, { url: 'http://127.0.0.1:1' });

    expect(outcome).toEqual({ outcome: 'unreachable', reason: 'network', mayRepeat: true });
  });

  it('the time that there was is over', async () => {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    reply = promise;

    expect(await ask(20)).toEqual({ outcome: 'unreachable', reason: 'timeout', mayRepeat: false });
    resolve(jsonReply({}));
  });

  it('and there are no credentials, that is said', async () => {
    const who = async () => {
      throw new Error('canary');
    };

    expect(await ask(10_000, { who })).toMatchObject({ reason: 'credentials', mayRepeat: false });
  });
});

it.each(['http://broker.example', 'broker.example', ''])(
  'a base URL such as %o is refused at once: it is no https',
  (baseUrl) => {
    const region = 'eu-central-1';

    expect(() => evergrantOverHttp({ baseUrl, region, credentials })).toThrow('https');
  },
);
