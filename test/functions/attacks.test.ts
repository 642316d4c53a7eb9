/** What somebody who means harm tries, through the functions' own handlers and real stand-ins. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Reply } from '../../local/http-server.ts';
import { aKey } from '../support/connections.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import {
  type BrowserAtProvider,
  captureOutput,
  type Functions,
  type HttpAnswer,
  loadFunctions,
  sendToProvider,
} from '../support/functions.ts';
import { localUser } from '../support/http-events.ts';
import { registrationAt, tokenReply } from '../support/scripted-provider.ts';

const output = captureOutput();
const back = 'https://app.example.com/connected';
const mallory = 'arn:aws:iam::000000000000:user/mallory';
let stack: FunctionStack;
let functions: Functions;

beforeAll(async () => {
  stack = await startFunctionStack();
  await stack.register('acme', registrationAt(stack.provider.url));
  await stack.register('acme-too', registrationAt(stack.provider.url));
  await stack.register('issuer', registrationWith({ authorize: { issuer: 'https://as.example' } }));
  await stack.register('accounts', registrationWith({ answer: { account_id: ['id'] } }));
  functions = await loadFunctions(stack);
});
beforeEach(() => {
  stack.provider.answerWith(() => tokenReply());
  output.clear();
});
afterAll(async () => {
  output.end();
  await stack.close();
});

function registrationWith({ authorize = {}, ...overrides }: Readonly<Record<string, object>>) {
  const registration = registrationAt(stack.provider.url);
  const { provider_overrides: common } = registration as {
    provider_overrides: { authorize: object };
  };
  return {
    ...registration,
    provider_overrides: {
      ...common,
      ...overrides,
      authorize: { ...common.authorize, ...authorize },
    },
  };
}

const begin = (connection: string, more: Readonly<Record<string, unknown>> = {}) =>
  sendToProvider(functions, { client: 'acme', connection, ...more });
const arrive = (
  { state, cookies }: BrowserAtProvider,
  {
    client = 'acme',
    query = 'code=c-1',
  }: { readonly client?: string; readonly query?: string } = {},
) => functions.comeBack(client, `${query}&state=${state}`, cookies);
const exchanges = () => stack.provider.calls.length;

async function expectNothingThere(connection: string, client = 'acme'): Promise<void> {
  expect((await functions.show(`${client}/${connection}`)).statusCode).toBe(404);
}

describe('a callback', () => {
  it('that comes a hundred times at once is one exchange', async () => {
    const browser = await begin('replayed');
    const before = exchanges();

    const answers = await Promise.all(Array.from({ length: 100 }, () => arrive(browser)));

    const connected = answers.filter(({ statusCode }) => statusCode === 200);
    expect(exchanges() - before).toBe(connected.length);
    // None where the table was too busy to say in time who was first: then nobody gets it.
    expect(connected.length).toBeLessThanOrEqual(1);
    const bodies = answers.filter((answer) => !connected.includes(answer)).map(({ body }) => body);
    const isRefusal = /This link was already used|This does not work right now/;
    expect(bodies.filter((body) => !isRefusal.test(body ?? ''))).toEqual([]);
    expect((await arrive(browser)).body).toContain('This link was already used');
  });

  it('of somebody else’s flow connects nothing (login CSRF)', async () => {
    const attacker = await begin('csrf');
    const victim = await begin('csrf-victim');
    const [name = ''] = attacker.cookies[0]?.split('=') ?? [];
    const [, value = ''] = victim.cookies[0]?.split('=') ?? [];
    const before = exchanges();

    for (const cookies of [[], victim.cookies, [`${name}=${value}`], [`${name}=`]]) {
      const answer = await arrive({ ...attacker, cookies });
      expect(answer.statusCode).toBe(400);
    }

    expect(exchanges()).toBe(before);
    await expectNothingThere('csrf');
    expect((await arrive(attacker)).statusCode).toBe(200);
  });

  it('of each of two tabs finds its own flow, in whatever order they come back', async () => {
    const first = await begin('tab-1');
    const second = await begin('tab-2');
    const cookies = [...first.cookies, ...second.cookies];

    const answers = [await arrive({ ...second, cookies }), await arrive({ ...first, cookies })];

    expect(answers.map(({ body }) => /acme\/tab-\d/.exec(body ?? '')?.[0])).toEqual([
      'acme/tab-2',
      'acme/tab-1',
    ]);
  });

  it.each([
    ['its code', 'code=good&code=evil'],
    ['its code, once by another spelling', 'code=good&c%6Fde=evil'],
    ['its issuer', 'code=good&iss=a&iss=b'],
    ['a parameter that nobody reads', 'code=good&x=1&x=1'],
  ])('that repeats %s is refused, although API Gateway joins the two', async (_what, query) => {
    const browser = await begin('repeated');
    const before = exchanges();

    const answer = await arrive(browser, { query });

    expect(answer.statusCode).toBe(400);
    expect(exchanges()).toBe(before);
    expect((await arrive(browser)).statusCode).toBe(200);
  });

  it('to the redirect URI of another client exchanges nothing (RFC 9700 §4.4)', async () => {
    const browser = await begin('mixed-up');
    const before = exchanges();

    expect((await arrive(browser, { client: 'acme-too' })).statusCode).toBe(502);

    expect(exchanges()).toBe(before);
    await expectNothingThere('mixed-up');
    await expectNothingThere('mixed-up', 'acme-too');
  });

  it.each([
    ['another issuer', 'code=c-1&iss=https%3A%2F%2Fevil.example'],
    ['no issuer', 'code=c-1'],
    ['an error of another issuer', 'error=access_denied&iss=https%3A%2F%2Fevil.example'],
  ])('with %s is not believed (RFC 9207 §2.4)', async (_what, query) => {
    const browser = await begin('issued', { client: 'issuer' });
    const before = exchanges();

    const answer = await arrive(browser, { client: 'issuer', query });

    expect(answer.body).toContain('invalid_response');
    expect(exchanges()).toBe(before);
  });

  it('of another account leaves the connection with the first (account linking)', async () => {
    const connect = async (id: string) => {
      stack.provider.answerWith(() => tokenReply({ access_token: `of-${id}`, id }));
      return arrive(await begin('linked', { client: 'accounts' }), { client: 'accounts' });
    };

    expect((await connect('account-1')).statusCode).toBe(200);
    expect((await connect('account-2')).statusCode).toBe(409);

    const vended = await functions.vend({ client: 'accounts', connection: 'linked' });
    expect(vended.access_token).toBe('of-account-1');
  });

  it('goes back where the session said, whatever query and headers say', async () => {
    const browser = await begin('returned', { return_url: `${back}?to=//evil.example&for=a@b` });

    const { headers } = await arrive(browser, {
      query:
        'error=access_denied&return_url=https://evil.example&redirect_uri=https://evil.example',
    });

    const location = new URL(String(headers?.location));
    expect(location.origin + location.pathname).toBe(back);
    expect([...location.searchParams.keys()].toSorted()).toEqual([
      'client',
      'connection',
      'error',
      'for',
      'status',
      'to',
    ]);
  });

  const bomb = gzipSync(`{"access_token":"a"}${' '.repeat(10_000_000)}`);
  it.each<[string, Reply]>([
    ['of 3 MB', tokenReply({ pad: 'x'.repeat(3_000_000) })],
    ['that is a gzip bomb', { status: 200, headers: { 'content-encoding': 'gzip' }, body: bomb }],
    ['with a header in its token', tokenReply({ access_token: 'a\r\nx-evil: 1' })],
    ['with a header in its scope', tokenReply({ scope: 'read\r\nset-cookie: a=b' })],
    ['with a header in a number', tokenReply({ expires_in: '3600\r\nx: y' })],
    ['that nests without end', { status: 200, body: '['.repeat(30_000) + ']'.repeat(30_000) }],
    ['that sends us elsewhere', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }],
    ['with headers of 30 KB', { ...tokenReply(), headers: { 'x-long': 'x'.repeat(30_000) } }],
  ])(
    'is answered, and nothing kept, when the provider gives an answer %s',
    async (_what, reply) => {
      const browser = await begin('hostile');
      stack.provider.answerWith(() => reply);

      expect((await arrive(browser)).statusCode).toBe(502);

      await expectNothingThere('hostile');
    },
  );
});

describe('a caller that the policy does not know', () => {
  it('is refused by every route, before anything is looked up or done', async () => {
    const key = { path: { client: 'acme', connection: 'guarded' }, caller: mallory };
    const body = { grant_type: 'password', username: 'ann', password: 'p' };
    expect((await functions.put('acme/guarded', body)).statusCode).toBe(201);
    const before = exchanges();
    const one = '/connections/{client}/{connection}';

    const answers: readonly HttpAnswer[] = [
      await functions.connections(`GET ${one}`, key),
      await functions.connections(`PUT ${one}`, { ...key, body }),
      await functions.connections(`DELETE ${one}`, key),
      await functions.connections('GET /connections', {
        query: { client: 'acme' },
        caller: mallory,
      }),
      await functions.vendHttp('acme/guarded', {}, { caller: mallory }),
      await functions.connect('POST /connect-sessions', {
        body: { client: 'acme', connection: 'guarded' },
        caller: mallory,
      }),
    ];

    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 403));
    expect(exchanges()).toBe(before);
    expect((await functions.show('acme/guarded')).statusCode).toBe(200);
  });

  it('confirms nobody’s grant, and does not use up its completion', async () => {
    const browser = await begin('unconfirmed', { confirm: true, return_url: back });
    const { headers } = await arrive(browser);
    const completion = new URL(String(headers?.location)).searchParams.get('completion');
    const send = (caller: string) =>
      functions.connect('POST /connect-sessions/complete', { body: { completion }, caller });

    expect((await send(mallory)).statusCode).toBe(403);
    await expectNothingThere('unconfirmed');
    expect((await send(localUser)).statusCode).toBe(201);
  });
});

describe('a forged event', () => {
  it.each([
    undefined,
    null,
    {},
    { authorizer: {} },
    { authorizer: { lambda: { userArn: localUser } } },
    { authorizer: { jwt: { claims: { sub: 'local' } } } },
    { authorizer: { iam: null } },
    { authorizer: { iam: { userArn: '' } } },
    { authorizer: { iam: { userArn: [localUser] } } },
  ])('without an identity that API Gateway vouches for is refused: %j', async (requestContext) => {
    const event = {
      version: '2.0',
      headers: {
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20261122/us-east-1/execute-api/aws4_request',
      },
      pathParameters: { client: 'acme', connection: 'guarded' },
      queryStringParameters: { client: 'acme' },
      body: '{}',
      requestContext,
    };

    const answers = [
      await functions.invoke('vend-http', {
        ...event,
        routeKey: 'POST /connections/{client}/{connection}/token',
      }),
      await functions.invoke('connections', { ...event, routeKey: 'GET /connections' }),
      await functions.invoke('connect', { ...event, routeKey: 'POST /connect-sessions' }),
    ];

    for (const answer of answers) expect(answer).toMatchObject({ statusCode: 403 });
  });

  it.each([{}, null, 'x', { authorizer: { iam: { userArn: localUser } } }])(
    'to vend with a requestContext is refused: %j',
    async (requestContext) => {
      const event = { client: 'acme', connection: 'guarded', requestContext };

      expect(await functions.vend(event)).toMatchObject({ error: 'access_denied', status: 403 });
    },
  );

  it.each(['refresh', 'revoke', 'recover'] as const)(
    'in the place of a queue’s is refused by %s without its words',
    async (name) => {
      const records = [7, 'canary', [null], [{ messageId: 'm', body: 'canary' }]];
      for (const Records of records) {
        await expect(functions.invoke(name, { Records })).rejects.toThrow(
          'the invocation failed; the log tells why',
        );
      }
      expect(output.text()).not.toContain('canary');
    },
  );
});

it.each([null, 'canary', 7])('an event that is none is refused by refresh: %j', async (event) => {
  await expect(functions.refresh(event)).rejects.toThrow(
    'the invocation failed; the log tells why',
  );
  expect(output.text()).not.toContain('canary');
});

describe('a registration that leads inside', () => {
  it.each([
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/token',
    'https://0xa9fea9fe/token',
    'https://[::ffff:10.0.0.1]/token',
    'https://[fd00:ec2::254]/token',
  ])('is sent nothing: %s', async (url) => {
    await stack.register('inside', registrationWith({ token: { url } }));

    const answer = await functions.put('inside/ann', {
      grant_type: 'password',
      username: 'ann',
      password: 'p',
    });

    expect(answer).toMatchObject({
      statusCode: 503,
      message: { error: 'temporarily_unavailable' },
    });
    expect(output.text()).toContain('"address_refused"');
  });

  it.each(['evil.example/x', 'acme.evil', 'a@b', 'acme#', '127.0.0.1', 'ACME', 'localhost:80'])(
    'has no tenant that is no single label: %s',
    async (company) => {
      await stack.register('tenant', { provider: 'hurma', client_id: 'x', params: { company } });

      const answer = await functions.connect('POST /connect-sessions', {
        body: { client: 'tenant', connection: 'ann' },
      });

      expect(answer.statusCode).toBe(503);
      expect(answer.message.error_description).toContain('params.company must be one host label');
    },
  );
});

describe('a sealed value in another row', () => {
  /** Connects both, and puts what seals `name` of bob into the row of ann. */
  async function moveFromBobToAnn(table: 'connections' | 'tokens', name: string): Promise<void> {
    for (const connection of ['ann', 'bob']) {
      stack.provider.answerWith(() =>
        tokenReply({ access_token: `at-${connection}`, refresh_token: `rt-${connection}` }),
      );
      await functions.put(`acme/${connection}`, {
        grant_type: 'password',
        username: connection,
        password: 'p',
      });
    }
    const rows = await stack.rows(table);
    const rowOf = (pk: string) => rows.find((row) => row.pk?.S === pk) ?? {};
    const moved = rowOf('acme/bob')[name];
    if (!moved) throw new Error(`a row has no ${name}`);
    await stack.putRow(table, { ...rowOf('acme/ann'), [name]: moved });
  }

  it('is no token for whoever asks there', async () => {
    await moveFromBobToAnn('tokens', 'sealed');

    const vended = await functions.vend({ client: 'acme', connection: 'ann' });

    expect(JSON.stringify(vended)).not.toContain('at-bob');
    expect(output.text()).toContain('"moved"');
  });

  it('is no refresh token to be sent', async () => {
    await moveFromBobToAnn('connections', 'sealed_credential');
    await stack.makeDue(aKey());
    const before = exchanges();

    await functions.refreshDue();
    await functions.refreshAll(await stack.receive('refresh'));

    expect(exchanges()).toBe(before);
    expect(output.text()).toContain('"moved"');
  });
});
