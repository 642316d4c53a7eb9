import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agents } from '../../lib/aws/open-request.ts';
import { buildRecoveryMessage } from '../../lib/aws/recovery-message.ts';
import { aCommitted, aKey, aStoredToken } from '../support/connections.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import {
  captureOutput,
  type Functions,
  loadFunctions,
  sendToProvider,
} from '../support/functions.ts';
import { registrationAt, tokenReply } from '../support/scripted-provider.ts';

const output = captureOutput();
let stack: FunctionStack;
let functions: Functions;

beforeAll(async () => {
  stack = await startFunctionStack();
  await stack.register('acme', registrationAt(stack.provider.url));
  functions = await loadFunctions(stack);
});
afterAll(async () => {
  output.end();
  await stack.close();
});

const sha256 = (text: unknown) => createHash('sha256').update(String(text)).digest('hex');

it('lives from connect to disconnect, from one function to the next', async () => {
  const { provider } = stack;

  const browser = await sendToProvider(functions, {
    client: 'acme',
    connection: 'ann',
    return_url: 'https://app.example.com/connected',
  });
  expect(browser.location.searchParams.get('redirect_uri')).toBe(
    'http://127.0.0.1:3000/callback/acme',
  );

  const back = await functions.comeBack('acme', `code=c-1&state=${browser.state}`, browser.cookies);
  expect(back.statusCode).toBe(302);
  expect(back.headers?.location).toBe(
    'https://app.example.com/connected?client=acme&connection=ann&status=connected',
  );
  expect(provider.calls.at(-1)).toMatchObject({
    path: '/token',
    form: { grant_type: 'authorization_code', code: 'c-1', client_id: 'client-id' },
  });

  const again = await functions.comeBack(
    'acme',
    `code=c-1&state=${browser.state}`,
    browser.cookies,
  );
  expect(again.statusCode).toBe(400);
  expect(again.body).toContain('already used');

  expect(await functions.show('acme/ann')).toMatchObject({
    statusCode: 200,
    message: { client: 'acme', connection: 'ann', provider: 'oauth2', state: 'active' },
  });
  expect(await functions.vend({ client: 'acme', connection: 'ann' })).toMatchObject({
    access_token: 'access-1',
    token_type: 'Bearer',
    present: { in: 'header', name: 'Authorization', value: 'Bearer access-1' },
  });

  provider.answerWith(() => tokenReply({ access_token: 'access-2', refresh_token: 'refresh-2' }));
  await stack.makeDue(aKey());
  expect(await functions.refreshDue()).toEqual({ sent: 1 });
  const due = await stack.receive('refresh');
  expect(due).toHaveLength(1);
  expect(await functions.refreshAll(due)).toEqual([]);
  expect(provider.calls.at(-1)).toMatchObject({
    form: { grant_type: 'refresh_token', refresh_token: 'refresh-1' },
  });
  const calls = provider.calls.length;
  expect(await functions.refreshAll(due)).toEqual([]);
  expect(provider.calls).toHaveLength(calls);

  expect(await functions.vendHttp('acme/ann')).toMatchObject({
    statusCode: 200,
    message: { access_token: 'access-2' },
  });
  expect(
    await functions.connections('GET /connections', { query: { client: 'acme' } }),
  ).toMatchObject({
    statusCode: 200,
    message: { connections: [{ connection: 'ann', state: 'active' }] },
  });

  provider.answerWith(() => ({ status: 200 }));
  expect(await functions.remove('acme/ann')).toMatchObject({ statusCode: 204 });
  expect(await functions.revokeAll(await stack.receive('revoke'))).toEqual([]);
  expect(provider.calls.slice(-2)).toMatchObject([
    { path: '/revoke', form: { token: 'refresh-2', token_type_hint: 'refresh_token' } },
    { path: '/revoke', form: { token: 'access-2', token_type_hint: 'access_token' } },
  ]);
  expect(await functions.show('acme/ann')).toMatchObject({
    statusCode: 404,
    message: { error: 'unknown_connection' },
  });
  expect(await functions.remove('acme/ann')).toMatchObject({ statusCode: 404 });
  const request = { client: 'acme', connection: 'ann', rejected_token_sha256: sha256('access-2') };
  expect(await functions.vend(request)).toMatchObject({ status: 404, error: 'unknown_connection' });
});

it('refreshes on demand when a token is over, once for many that ask', async () => {
  stack.provider.answerWith(() => tokenReply());
  await functions.put('acme/bob', { grant_type: 'password', username: 'bob', password: 'p' });
  await stack.makeDue(aKey('bob'));
  const before = stack.provider.calls.length;
  stack.provider.answerWith(() => tokenReply({ access_token: 'access-b2' }));

  const vended = await Promise.all(
    Array.from({ length: 10 }, () => functions.vendHttp('acme/bob')),
  );

  expect(vended.map(({ message }) => message.access_token)).toEqual(Array(10).fill('access-b2'));
  expect(stack.provider.calls).toHaveLength(before + 1);
});

describe('the write of an answer', () => {
  const unused = () => output.lines().filter(({ message }) => message === 'prepared_commit_unused');

  it('is the one that was prepared', async () => {
    stack.provider.answerWith(() => tokenReply({ access_token: 'access-h1' }));
    await functions.put('acme/hal', { import: { refresh_token: 'r-hal' } });
    output.clear();

    expect(await functions.vendHttp('acme/hal')).toMatchObject({
      message: { access_token: 'access-h1' },
    });
    expect(unused()).toEqual([]);
  });

  it('is another where that has lost its connection, and the log says so', async () => {
    stack.provider.answerWith(() => {
      agents.httpAgent.destroy();
      return tokenReply({ access_token: 'access-i1', refresh_token: 'refresh-i1' });
    });
    await functions.put('acme/ida', { import: { refresh_token: 'r-ida' } });
    output.clear();

    expect(await functions.vendHttp('acme/ida')).toMatchObject({
      message: { access_token: 'access-i1' },
    });
    expect(unused()).toMatchObject([{ level: 'WARN', reason: 'ECONNRESET' }]);
  });
});

it('goes live only after the application has confirmed', async () => {
  stack.provider.answerWith(() => tokenReply());
  const browser = await sendToProvider(functions, {
    client: 'acme',
    connection: 'carl',
    return_url: 'https://app.example.com/connected',
    confirm: true,
  });
  const back = await functions.comeBack('acme', `code=c&state=${browser.state}`, browser.cookies);
  const query = new URL(String(back.headers?.location)).searchParams;
  expect(query.get('status')).toBe('confirm');
  expect(await functions.show('acme/carl')).toMatchObject({ statusCode: 404 });

  const body = { completion: query.get('completion') };
  const denied = await functions.connect('POST /connect-sessions/complete', {
    body,
    caller: 'arn:aws:iam::000000000000:user/mallory',
  });
  const done = await functions.connect('POST /connect-sessions/complete', { body });
  const again = await functions.connect('POST /connect-sessions/complete', { body });

  expect(denied).toMatchObject({ statusCode: 403, message: { error: 'access_denied' } });
  expect(done).toMatchObject({ statusCode: 201, message: { connection: 'carl', state: 'active' } });
  expect(again).toMatchObject({ statusCode: 400, message: { error: 'invalid_request' } });
  expect(await functions.vend({ client: 'acme', connection: 'carl' })).toMatchObject({
    access_token: 'access-1',
  });
});

describe('PUT', () => {
  it('tells a new connection from one that was there', async () => {
    stack.provider.answerWith(() => tokenReply());
    const body = { grant_type: 'password', username: 'dora', password: 'p' };

    expect(await functions.put('acme/dora', body)).toMatchObject({ statusCode: 201 });
    expect(await functions.put('acme/dora', body)).toMatchObject({
      statusCode: 200,
      message: { connection: 'dora', state: 'active' },
    });
  });

  it('connects by client credentials and renews by them', async () => {
    stack.provider.answerWith(() => tokenReply({ refresh_token: undefined }));
    await functions.put('acme/eve', { grant_type: 'client_credentials' });
    await stack.makeDue(aKey('eve'));

    expect(await functions.vendHttp('acme/eve')).toMatchObject({ statusCode: 200 });
    expect(stack.provider.calls.slice(-2)).toMatchObject([
      { form: { grant_type: 'client_credentials' } },
      { form: { grant_type: 'client_credentials' } },
    ]);
  });

  it('imports a refresh token, and has it used at once', async () => {
    stack.provider.answerWith(() => tokenReply({ access_token: 'access-imported' }));

    const put = await functions.put('acme/fay', { import: { refresh_token: 'r-imported' } });

    expect(put).toMatchObject({ statusCode: 201 });
    expect(await functions.vendHttp('acme/fay')).toMatchObject({
      message: { access_token: 'access-imported' },
    });
    expect(stack.provider.calls.at(-1)?.form.refresh_token).toBe('r-imported');
  });
});

it('tells a reconnect that was confirmed from a first connection', async () => {
  stack.provider.answerWith(() => tokenReply());
  const confirm = async () => {
    const browser = await sendToProvider(functions, {
      client: 'acme',
      connection: 'gail',
      return_url: 'https://app.example.com/connected',
      confirm: true,
    });
    const back = await functions.comeBack('acme', `code=c&state=${browser.state}`, browser.cookies);
    const completion = new URL(String(back.headers?.location)).searchParams.get('completion');
    return functions.connect('POST /connect-sessions/complete', { body: { completion } });
  };

  expect(await confirm()).toMatchObject({ statusCode: 201 });
  expect(await confirm()).toMatchObject({ statusCode: 200 });
});

it('takes an answer back from the recovery queue, into both tables', async () => {
  stack.provider.answerWith(() => tokenReply());
  await functions.put('acme/hank', { grant_type: 'password', username: 'hank', password: 'p' });
  const key = aKey('hank');
  const fence = Date.parse('2100-01-01');
  const message = {
    fence,
    answer: aCommitted({ committedFence: fence }),
    token: aStoredToken({ ...key, fence }),
  };

  const body = buildRecoveryMessage({ ...key, ...message });
  expect(await functions.recoverAll([{ body, groupId: undefined }])).toEqual([]);

  const rowOf = async (table: 'connections' | 'tokens') =>
    (await stack.rows(table)).find(({ pk }) => pk?.S === 'acme/hank');
  expect(await rowOf('connections')).toMatchObject({ committed_fence: { N: `${fence}` } });
  expect(await rowOf('tokens')).toMatchObject({ fence: { N: `${fence}` } });
});

it('connects clients that have two secrets, by redirect and by password', async () => {
  const secrets = { client_secret: undefined, client_secrets: ['newer-secret', 'older-secret'] };
  await stack.register('twins', registrationAt(stack.provider.url, secrets));
  stack.provider.answerWith(() => tokenReply());

  const browser = await sendToProvider(functions, { client: 'twins', connection: 'ann' });
  const back = await functions.comeBack('twins', `code=c&state=${browser.state}`, browser.cookies);
  const put = { grant_type: 'password', username: 'bob', password: 'p' };

  expect(back.statusCode).toBe(200);
  expect(await functions.put('twins/bob', put)).toMatchObject({ statusCode: 201 });
});

it('lists a client’s connections page by page', async () => {
  await stack.register('many', registrationAt(stack.provider.url));
  const ids = Array.from({ length: 51 }, (_, index) => `user-${index}`);
  for (const id of ids) await functions.put(`many/${id}`, { import: { refresh_token: `r-${id}` } });
  const list = async (more: object) => {
    const query = { client: 'many', ...more };
    const { message } = await functions.connections('GET /connections', { query });
    return message as { readonly connections: readonly unknown[]; readonly cursor?: string };
  };

  const { connections, cursor } = await list({});
  const rest = await list({ cursor });

  expect([connections.length, rest.connections.length]).toEqual([50, 1]);
  expect(rest).not.toHaveProperty('cursor');
});

it('logs as JSON lines who asked for what, with the invocation’s id', () => {
  const access = output.lines().find(({ message }) => message === 'access');

  expect(access).toMatchObject({
    level: 'INFO',
    service: 'evergrant',
    function_request_id: 'a-request',
    caller: 'arn:aws:iam::000000000000:user/local',
    decision: 'allowed',
  });
});
