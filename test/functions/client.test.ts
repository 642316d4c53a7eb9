/** The client of other functions, with the functions that answer it and their providers. */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Broker } from '../../lib/client/broker.ts';
import { evergrant } from '../../lib/client/evergrant.ts';
import { evergrantOverHttp } from '../../lib/client/evergrant-over-http.ts';
import { aKey } from '../support/connections.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import { captureOutput, type Functions, loadFunctions } from '../support/functions.ts';
import { localCredentials } from '../support/local-credentials.ts';
import {
  jsonReply,
  type ProviderCall,
  registrationAt,
  type ScriptedProvider,
  startScriptedProvider,
  tokenReply,
} from '../support/scripted-provider.ts';
import { startVendEndpoint, type VendEndpoint } from '../support/vend-endpoint.ts';

const output = captureOutput();
const functionName = 'evergrant-local-vend';
let stack: FunctionStack;
let functions: Functions;
let endpoint: VendEndpoint;
let api: ScriptedProvider;
let lambda: LambdaClient;
let minted = 0;

beforeAll(async () => {
  stack = await startFunctionStack();
  functions = await loadFunctions(stack);
  endpoint = await startVendEndpoint(functions);
  api = await startScriptedProvider();
  lambda = new LambdaClient({ endpoint: endpoint.url, maxAttempts: 1, ...localCredentials });
  const registration = registrationAt(stack.provider.url);
  const overrides = Object(registration.provider_overrides);
  const register = (client: string, more: object) =>
    stack.register(client, {
      ...registration,
      provider_overrides: { ...overrides, api: { base_url: `${api.url}/v3`, ...more } },
    });
  await register('acme', {});
  await register('querying', { token_in: 'query', query: { name: 'key' } });
});
beforeEach(() => {
  stack.provider.answerWith(mint);
  api.answerWith(() => jsonReply({ users: [] }));
});
afterEach(() => endpoint.reopen());
afterAll(async () => {
  lambda.destroy();
  await Promise.all([endpoint.close(), api.close()]);
  await stack.close();
  output.end();
});

/** A provider that rotates: each grant and refresh gets the next pair. */
function mint(_call: ProviderCall, overrides: object = {}) {
  minted += 1;
  const access_token = `access-${minted}`;
  return tokenReply({ access_token, refresh_token: `refresh-${minted}`, ...overrides });
}

const byPassword = { grant_type: 'password', username: 'ann', password: 'p' };

/** Each way of vending, anew: nothing is kept from test to test. */
const brokers: readonly (readonly [string, () => Broker])[] = [
  ['by invocation', () => evergrant({ functionName, lambda })],
  ['over HTTP', () => evergrantOverHttp({ baseUrl: endpoint.url, ...localCredentials })],
];

describe.each(brokers)('%s', (how, open) => {
  const named = (id: string) => `acme/${how.replaceAll(' ', '-')}-${id}`;

  it('a token is had in one line, and kept', async () => {
    await functions.put(named('one'), byPassword);
    const connection = open().connection(named('one'));
    const before = endpoint.count();

    const token = await connection.token();
    await connection.token();

    expect(token.reveal()).toBe(`access-${minted}`);
    expect(token.expiresAt).toBeGreaterThan(Date.now() / 1000 + 3500);
    expect(endpoint.count() - before).toBe(1);
  });

  it('an API is called with the token where the provider wants it', async () => {
    const inQuery = named('q').replace('acme', 'querying');
    await functions.put(named('api'), byPassword);
    await functions.put(inQuery, byPassword);
    const broker = open();

    await broker.connection(named('api')).fetch('/users?a=b');
    await broker.connection(inQuery).fetch('/users?a=b');

    expect(api.calls.slice(-2)).toMatchObject([
      { path: '/v3/users?a=b', headers: { authorization: `Bearer access-${minted - 1}` } },
      { path: `/v3/users?a=b&key=access-${minted}` },
    ]);
  });

  it('a connection that is not there, and one of an unknown client, are told by name', async () => {
    const broker = open();

    await expect(broker.connection('acme/nobody').token()).rejects.toMatchObject({
      name: 'UnknownConnection',
      code: 'unknown_connection',
    });
    await expect(broker.connection('nobody/ann').token()).rejects.toMatchObject({
      name: 'UnknownConnection',
      code: 'unknown_client',
    });
  });

  it('a dead grant is told with its reason, and since when', async () => {
    await functions.put(named('dead'), byPassword);
    await stack.makeDue(aKey(named('dead').slice('acme/'.length)));
    stack.provider.answerWith(() => jsonReply({ error: 'invalid_grant' }, 400));

    await expect(open().connection(named('dead')).token()).rejects.toMatchObject({
      name: 'ReauthorizationRequired',
      reason: 'grant_dead',
      since: expect.any(Number),
    });
  });

  it('a hundred callers at once on an expired token cost one call to the provider', async () => {
    await functions.put(named('many'), byPassword);
    await stack.makeDue(aKey(named('many').slice('acme/'.length)));
    const before = stack.provider.calls.length;
    const connection = open().connection(named('many'));

    const tokens = await Promise.all(Array.from({ length: 100 }, () => connection.token()));

    expect(new Set(tokens.map((token) => token.reveal())).size).toBe(1);
    expect(stack.provider.calls.length - before).toBe(1);
  });

  it('a 401 for a young token is the API’s own answer, and costs no refresh', async () => {
    await functions.put(named('young'), byPassword);
    api.answerWith(() => jsonReply({ error: 'forbidden for you' }, 401));
    const before = stack.provider.calls.length;

    const response = await open().connection(named('young')).fetch('/users');

    expect([response.status, await response.json()]).toEqual([401, { error: 'forbidden for you' }]);
    expect(stack.provider.calls).toHaveLength(before);
  });

  it('an outage of the broker leaves a living token in use, and is told where there is none', async () => {
    await functions.put(named('outage'), byPassword);
    const broker = open();
    const kept = broker.connection(named('outage'));
    const token = await kept.token();
    await endpoint.shut();

    expect((await kept.token()).reveal()).toBe(token.reveal());
    expect((await kept.token({ minTtlSeconds: 86_400 })).reveal()).toBe(token.reveal());
    expect((await kept.fetch('/users')).status).toBe(200);
    await expect(broker.connection(named('other')).token()).rejects.toMatchObject({
      name: 'BrokerUnreachable',
      reason: 'network',
    });
  });

  it('tokens are had again once the broker is back', async () => {
    await functions.put(named('back'), byPassword);
    const broker = open();
    await endpoint.shut();
    const failed = broker.connection(named('other')).token();
    await expect(failed).rejects.toMatchObject({ name: 'BrokerUnreachable' });

    await endpoint.reopen();

    expect((await broker.connection(named('back')).token()).reveal()).toBe(`access-${minted}`);
  });

  it.each<[string, () => ReturnType<typeof jsonReply>]>([
    ['answers 503', () => jsonReply({}, 503)],
    [
      'answers HTML',
      () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' }),
    ],
  ])('a provider that %s is not a dead grant: it is to be waited for', async (what, reply) => {
    const id = named(what.replaceAll(' ', '-'));
    await functions.put(id, byPassword);
    await stack.makeDue(aKey(id.slice('acme/'.length)));
    stack.provider.answerWith(reply);

    const failed = open().connection(id).token();

    await expect(failed).rejects.toMatchObject({
      name: 'TemporarilyUnavailable',
      retryAfterSeconds: expect.any(Number),
    });
  });

  it('an outage of the provider leaves a living token in use, with a warning', async () => {
    await functions.put(named('warned'), byPassword);
    await stack.age(aKey(named('warned').slice('acme/'.length)), 3500);
    stack.provider.answerWith(() => jsonReply({}, 503));
    const connection = open().connection(named('warned'));
    const first = await connection.token();

    const still = await connection.token({ minTtlSeconds: 900 });

    expect(first.warning).toBeUndefined();
    expect(still.reveal()).toBe(first.reveal());
    expect(still.warning).toMatchObject({ code: 'outcome_unknown' });
  });
});

describe('who may ask', () => {
  it('is the policy’s business over HTTP', async () => {
    endpoint.callAs('arn:aws:iam::000000000000:user/mallory');

    await expect(brokers[1]?.[1]().connection('acme/ann').token()).rejects.toMatchObject({
      name: 'AccessDenied',
      code: 'access_denied',
    });
  });

  it('is decided by API Gateway before that', async () => {
    endpoint.callAs(undefined);

    await expect(brokers[1]?.[1]().connection('acme/ann').token()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('execute-api:Invoke'),
    });
  });
});

describe('a refused token', () => {
  it('that is old enough is replaced, and the request succeeds', async () => {
    await functions.put('acme/revoked', byPassword);
    const revoked = `access-${minted}`;
    await stack.age(aKey('revoked'), 120);
    api.answerWith(({ headers }) =>
      headers.authorization === `Bearer ${revoked}` ? jsonReply({}, 401) : jsonReply({ ok: true }),
    );

    const response = await evergrant({ functionName, lambda })
      .connection('acme/revoked')
      .fetch('/users', { method: 'POST', body: 'text' });

    expect(await response.json()).toEqual({ ok: true });
    expect(api.calls.at(-1)?.headers.authorization).toBe(`Bearer access-${minted}`);
  });
});

it('nothing of a token is in any line of the log', () => {
  expect(output.text()).not.toMatch(/access-\d/);
});
