/**
 * Each fault in turn, with a canary wherever a secret stands or could be put by mistake. None may
 * sing: not in output, not in an answer, not in a queue, not in what a function throws.
 */
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultCode } from '../../lib/fault.ts';
import { aKey } from '../support/connections.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import {
  captureOutput,
  type Functions,
  loadFunctions,
  sendToProvider,
} from '../support/functions.ts';
import {
  jsonReply,
  type ProviderCall,
  registrationAt,
  tokenReply,
} from '../support/scripted-provider.ts';
import { canaries } from './canaries.ts';

const output = captureOutput();
const { draw, foundIn } = canaries();
const mallory = 'arn:aws:iam::000000000000:user/mallory';
const oneConnection = '/connections/{client}/{connection}';
let stack: FunctionStack;
let functions: Functions;

beforeAll(async () => {
  stack = await startFunctionStack();
  functions = await loadFunctions(stack);
});
afterAll(async () => {
  output.end();
  await stack.close();
});

const aTokenReply = () =>
  tokenReply({ access_token: draw('access'), refresh_token: draw('refresh'), id: 'account-1' });
const echo = (call: ProviderCall, error: string, status = 400) =>
  jsonReply({ error, error_description: JSON.stringify(call), code: draw('stray') }, status);
const byPassword = (more: object = {}) => ({
  grant_type: 'password',
  username: draw('username'),
  password: draw('password'),
  ...more,
});
const register = (client: string, overrides: Readonly<Record<string, unknown>> = {}) =>
  stack.register(
    client,
    registrationAt(stack.provider.url, {
      client_secret: draw('client-secret'),
      token_request_headers: { 'x-static': draw('header') },
      ...overrides,
    }),
  );

/** A client with one connection; its provider has just issued canaries. */
async function connected(client: string): Promise<void> {
  await register(client);
  stack.provider.answerWith(aTokenReply);
  await functions.put(`${client}/ann`, byPassword());
}

/** Wakes `refresh` for a connection as the schedule would. */
async function refreshDue(client: string): Promise<unknown> {
  await stack.makeDue(aKey('ann', client));
  await functions.refreshDue();
  return functions.refreshAll(await stack.receive('refresh'));
}

/** Changes one attribute of a row, as somebody with access to the table could. */
async function damage(table: 'connections' | 'tokens', pk: string, attribute: object) {
  const rows = await stack.rows(table);
  const row = rows.find((each) => each.pk?.S === pk);
  if (!row) throw new Error(`there is no row ${pk}`);
  await stack.putRow(table, { ...row, ...attribute });
}

const flip = (sealed: string) => `${sealed.slice(0, -3)}${sealed.endsWith('AAA') ? 'BBB' : 'AAA'}`;

interface Scenario {
  readonly code: FaultCode;
  readonly what: string;
  /** Answers everything that came back, but tokens that were asked for. */
  readonly run: () => Promise<readonly unknown[]>;
}

const scenarios: readonly Scenario[] = [
  {
    code: 'KEY_RING_INVALID',
    what: 'characters of a key where its id should be',
    run: async () => {
      await register('ringless');
      const characters = draw('key').padEnd(64, 'x');
      await stack.putSecret('keys/renewal', { current: characters, [characters]: characters });
      const answer = await functions.put('ringless/ann', byPassword());
      await stack.putSecret('keys/renewal', { current: 'k1', k1: characters });
      return [answer];
    },
  },
  {
    code: 'REGISTRATION_INVALID',
    what: 'secrets in every wrong place of a registration',
    run: async () => {
      const wrong: readonly unknown[] = [
        draw('text'),
        { provider: draw('provider'), client_id: 'x' },
        { provider: 'oauth2', client_id: 'x', [draw('name')]: 1, client_secret: `${draw('s')}\n` },
        { provider: 'oauth2', client_id: 'x', client_secret: { value: draw('nested') } },
        { provider: 'oauth2', client_id: 'x', private_key: { kty: 'EC', d: draw('key') } },
        { provider: 'oauth2', client_id: 'x', token_request_headers: { a: `${draw('h')}\r\nx` } },
        { provider: 'hurma', client_id: 'x', params: { company: `${draw('param')}/x` } },
        { provider: 'oauth2', client_id: 'x', provider_overrides: { token: draw('override') } },
      ];
      return Promise.all(
        wrong.map(async (registration, index) => {
          await stack.register(`wrong-${index}`, registration);
          return functions.put(`wrong-${index}/ann`, byPassword());
        }),
      );
    },
  },
  {
    code: 'REQUEST_INVALID',
    what: 'secrets in requests that are refused',
    run: async () => {
      await register('strict');
      const session = (more: object) =>
        functions.connect('POST /connect-sessions', {
          body: { client: 'strict', connection: 'ann', ...more },
        });
      return [
        await functions.put('strict/ann', byPassword({ [draw('member')]: draw('value') })),
        await functions.put('strict/ann', `{"password":"${draw('password')}"`),
        await functions.put('strict/ann', { import: { access_token: `${draw('token')} x` } }),
        await session({ return_url: `https://evil.example/${draw('url')}` }),
        await session({ params: { [draw('param')]: draw('value') } }),
        await session({ scope: draw('scope') }),
        await functions.connect('POST /connect-sessions/complete', {
          body: { completion: draw('completion') },
        }),
        await functions.connections('GET /connections', {
          query: { client: 'strict', cursor: draw('cursor') },
        }),
        await functions.vend({ client: 'strict', connection: 'ann', token: draw('token') }),
        await functions.comeBack('strict', `code=${draw('code')}&state=${draw('state')}`, [
          `evergrant-0=${draw('cookie').padEnd(43, 'x').slice(0, 43)}`,
        ]),
        await functions.follow(`session=${draw('session')}`),
        await functions.revokeAll([{ body: JSON.stringify({ sealed: draw('x') }), groupId: 'g' }]),
        await functions.recoverAll([{ body: draw('message'), groupId: undefined }]),
        await functions.refreshAll([{ body: `{"client":"${draw('message')}`, groupId: 'g' }]),
      ];
    },
  },
  {
    code: 'ACCESS_DENIED',
    what: 'requests of a stranger',
    run: async () => {
      const path = { client: 'strict', connection: 'ann' };
      const given = { path, caller: mallory, body: byPassword() };
      return [
        await functions.connections(`PUT ${oneConnection}`, given),
        await functions.vendHttp('strict/ann', { token: draw('token') }, { caller: mallory }),
        await functions.vend({ ...path, requestContext: { token: draw('token') } }),
        await functions.invoke('connections', { body: draw('body'), headers: { a: draw('h') } }),
      ];
    },
  },
  {
    code: 'UNKNOWN_CLIENT',
    what: 'credentials for a client that nobody registered',
    run: async () => [await functions.put('nobody/ann', byPassword())],
  },
  {
    code: 'UNKNOWN_CONNECTION',
    what: 'a connection that is not there',
    run: async () => [await functions.show('strict/nobody'), await functions.vendHttp('strict/no')],
  },
  {
    code: 'CREDENTIALS_REFUSED',
    what: 'a provider that repeats the password it refuses',
    run: async () => {
      stack.provider.answerWith((call) => echo(call, 'invalid_grant'));
      return [await functions.put('strict/ann', byPassword({ retain_credentials: true }))];
    },
  },
  {
    code: 'CLIENT_REFUSED',
    what: 'a provider that repeats the client secret it refuses',
    run: async () => {
      stack.provider.answerWith((call) => echo(call, 'invalid_client', 401));
      return [await functions.put('strict/ann', byPassword())];
    },
  },
  {
    code: 'PROVIDER_REFUSED_REQUEST',
    what: 'a provider that makes its own error code of our request',
    run: async () => {
      stack.provider.answerWith((call) => echo(call, JSON.stringify(call.form)));
      return [await functions.put('strict/ann', byPassword())];
    },
  },
  {
    code: 'PROVIDER_ANSWER_INVALID',
    what: 'a success whose token is somewhere else',
    run: async () => {
      stack.provider.answerWith(() => jsonReply({ token: draw('access'), [draw('x')]: 1 }));
      return [await functions.put('strict/ann', byPassword())];
    },
  },
  {
    code: 'PROVIDER_UNAVAILABLE',
    what: 'a page of the provider that shows our request',
    run: async () => {
      stack.provider.answerWith((call) => ({ status: 502, body: JSON.stringify(call) }));
      return [await functions.put('strict/ann', byPassword())];
    },
  },
  {
    code: 'ACCOUNT_MISMATCH',
    what: 'a reconnect with another account’s tokens',
    run: async () => {
      await register('accounts', {
        provider_overrides: {
          token: { url: `${stack.provider.url}/token` },
          answer: { account_id: ['id'] },
        },
      });
      stack.provider.answerWith(aTokenReply);
      const first = await functions.put('accounts/ann', byPassword());
      stack.provider.answerWith(() => tokenReply({ access_token: draw('access'), id: 'another' }));
      return [first, await functions.put('accounts/ann', byPassword())];
    },
  },
  {
    code: 'CLIENT_CHANGED',
    what: 'a registration that leads elsewhere by now',
    run: async () => {
      await connected('moved');
      await register('moved', { client_id: 'another-id' });
      return [await refreshDue('moved'), await functions.remove('moved/ann')];
    },
  },
  {
    code: 'SEALED_VALUE_INVALID',
    what: 'sealed values that were changed',
    run: async () => {
      await connected('flipped');
      for (const [table, name] of [
        ['tokens', 'sealed'],
        ['connections', 'sealed_credential'],
      ] as const) {
        const row = (await stack.rows(table)).find(({ pk }) => pk?.S === 'flipped/ann');
        await damage(table, 'flipped/ann', { [name]: { S: flip(row?.[name]?.S ?? '') } });
      }
      return [
        await functions.vend({ client: 'flipped', connection: 'ann', max_wait_seconds: 0 }),
        await refreshDue('flipped'),
        await functions.remove('flipped/ann'),
        await functions.revokeAll([
          {
            body: JSON.stringify({
              client: 'flipped',
              connection: 'ann',
              fence: 1,
              sealed: draw('s'),
            }),
            groupId: undefined,
          },
        ]),
      ];
    },
  },
  {
    code: 'ROW_INVALID',
    what: 'rows with secrets where numbers should be',
    run: async () => {
      await connected('damaged');
      await damage('connections', 'damaged/ann', { fence: { S: draw('fence') } });
      await damage('tokens', 'damaged/ann', { values: { S: draw('v') }, [draw('n')]: { S: 'x' } });
      return [
        await functions.show('damaged/ann'),
        await functions.vend({ client: 'damaged', connection: 'ann', max_wait_seconds: 0 }),
        await functions.connections('GET /connections', { query: { client: 'damaged' } }),
      ];
    },
  },
  {
    code: 'REAUTHORIZATION_REQUIRED',
    what: 'a grant that the provider says is dead',
    run: async () => {
      await connected('dead');
      stack.provider.answerWith((call) => echo(call, 'invalid_grant'));
      const refreshed = await refreshDue('dead');
      return [refreshed, await functions.vendHttp('dead/ann')];
    },
  },
];

describe('no secret is in what comes of', () => {
  it.each(scenarios)('$code: $what', async ({ code, run }) => {
    output.clear();

    const came = await run();

    const text = output.text();
    expect(text).toContain(`"${code}"`);
    expect(foundIn(text)).toEqual([]);
    expect(foundIn(inspect(came, { depth: 20, showHidden: true }))).toEqual([]);
    expect(foundIn(JSON.stringify(came))).toEqual([]);
  });

  it('STORE_UNAVAILABLE: a table that goes away when tokens have just come', async () => {
    await connected('storeless');
    const { state, cookies } = await sendToProvider(functions, {
      client: 'storeless',
      connection: 'bob',
    });
    await stack.makeDue(aKey('ann', 'storeless'));
    await functions.refreshDue();
    const due = await stack.receive('refresh');
    output.clear();
    stack.provider.answerWith(() => {
      void stack.servers.dynamodb.close();
      return aTokenReply();
    });

    const came = [
      // Time for one call at least, as the settings of these tests have it.
      await functions.refreshAll(due, 22_000),
      await functions.comeBack('storeless', `code=${draw('code')}&state=${state}`, cookies),
      await functions.put('storeless/ann', byPassword()),
      await functions.vend({ client: 'storeless', connection: 'ann', max_wait_seconds: 0 }),
      await functions.refreshDue().catch((error: unknown) => error),
      await functions.refresh({ client: 'storeless', connection: 'ann' }).catch((error) => error),
    ];
    const recovery = await stack.receive('recovery');
    came.push(await functions.recoverAll(recovery));

    expect(recovery.map(({ body }) => JSON.parse(body).client)).toEqual(['storeless']);
    expect(foundIn(JSON.stringify(recovery))).toEqual([]);
    expect(output.text()).toContain('"STORE_UNAVAILABLE"');
    expect(foundIn(output.text())).toEqual([]);
    expect(foundIn(inspect(came, { depth: 20, showHidden: true }))).toEqual([]);
  });

  it('STORE_UNAVAILABLE: Secrets Manager and the queues gone, too', async () => {
    await Promise.all([stack.servers.secrets.close(), stack.servers.sqs.close()]);
    output.clear();

    const came = [
      await functions.put('another/ann', byPassword()),
      await functions.refreshDue().catch((error: unknown) => error),
    ];

    expect(output.text()).toContain('"STORE_UNAVAILABLE"');
    expect(foundIn(output.text())).toEqual([]);
    expect(foundIn(inspect(came, { depth: 20, showHidden: true }))).toEqual([]);
  });
});
