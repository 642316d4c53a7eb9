import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Reply } from '../../local/http-server.ts';
import { aKey } from '../support/connections.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import {
  captureOutput,
  type Functions,
  type HttpAnswer,
  loadFunctions,
  sendToProvider,
} from '../support/functions.ts';
import { jsonReply, registrationAt, tokenReply } from '../support/scripted-provider.ts';

const output = captureOutput();
let stack: FunctionStack;
let functions: Functions;

beforeAll(async () => {
  stack = await startFunctionStack();
  await stack.register('acme', registrationAt(stack.provider.url));
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

const byPassword = { grant_type: 'password', username: 'ann', password: 'p' };
const mallory = 'arn:aws:iam::000000000000:user/mallory';
const html: Reply = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<html>canary-words</html>',
};

/** The line that tells of a fault: its code, and what to do. */
const faultLine = (code: string) => output.lines().find((line) => line.code === code);

function expectProblem(answer: HttpAnswer, status: number, error: string): void {
  expect(answer).toMatchObject({
    statusCode: status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    message: { error, status, error_description: expect.any(String) },
  });
}

describe('a client without registration', () => {
  it.each<[string, () => Promise<HttpAnswer>]>([
    ['PUT', () => functions.put('nobody/ann', byPassword)],
    ['GET', () => functions.show('nobody/ann')],
    ['DELETE', () => functions.remove('nobody/ann')],
    ['the list', () => functions.connections('GET /connections', { query: { client: 'nobody' } })],
    ['vend', () => functions.vendHttp('nobody/ann')],
    [
      'a connect session',
      () =>
        functions.connect('POST /connect-sessions', {
          body: { client: 'nobody', connection: 'ann' },
        }),
    ],
  ])('is a 404 of its own for %s, and the log says what to do', async (_what, send) => {
    expectProblem(await send(), 404, 'unknown_client');
    expect(faultLine('UNKNOWN_CLIENT')?.advice).toContain('put one into Secrets Manager');
  });

  it('is told to a direct invoker in the same words', async () => {
    expect(await functions.vend({ client: 'nobody', connection: 'ann' })).toMatchObject({
      error: 'unknown_client',
      status: 404,
    });
  });

  it('takes no callback', async () => {
    const answer = await functions.comeBack('nobody', 'code=c&state=s', []);

    expect(answer.statusCode).toBe(400);
  });
});

describe('a connection that is not there', () => {
  it.each<[string, () => Promise<HttpAnswer>]>([
    ['GET', () => functions.show('acme/nobody')],
    ['DELETE', () => functions.remove('acme/nobody')],
    ['vend', () => functions.vendHttp('acme/nobody')],
  ])('is a 404 of its own for %s', async (_what, send) => {
    expectProblem(await send(), 404, 'unknown_connection');
    expect(faultLine('UNKNOWN_CONNECTION')?.advice).toContain('connect it first');
  });
});

describe('a malformed id', () => {
  it.each<[string, () => Promise<HttpAnswer>, string]>([
    ['in a path, of a client', () => functions.show('ACME/ann'), 'client'],
    ['in a path, of a connection', () => functions.show('acme/.ann'), 'connection'],
    [
      'in a query',
      () => functions.connections('GET /connections', { query: { client: '_' } }),
      'client',
    ],
    [
      'in a body',
      () =>
        functions.connect('POST /connect-sessions', { body: { client: 'acme', connection: '' } }),
      'connection',
    ],
    ['of a vend', () => functions.vendHttp('acme/../x'), 'connection'],
  ])('%s is named', async (_what, send, member) => {
    const answer = await send();

    expectProblem(answer, 400, 'invalid_request');
    expect(answer.message.error_description).toContain(`${member} must match`);
  });

  it('of a direct vend is named', async () => {
    expect(await functions.vend({ client: 'acme', connection: 'a/b' })).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('connection must match'),
    });
  });
});

describe('a caller', () => {
  it.each<[string, () => Promise<HttpAnswer>]>([
    ['vend', () => functions.vendHttp('acme/ann', {}, { caller: mallory })],
    [
      'list',
      () =>
        functions.connections('GET /connections', { query: { client: 'acme' }, caller: mallory }),
    ],
    [
      'connect',
      () =>
        functions.connect('POST /connect-sessions', {
          body: { client: 'acme', connection: 'ann' },
          caller: mallory,
        }),
    ],
  ])('that the policy does not know may not %s, even where nothing is', async (_what, send) => {
    expectProblem(await send(), 403, 'access_denied');
    expect(faultLine('ACCESS_DENIED')?.advice).toContain('policy');
  });

  it('cannot pass for an HTTP caller by invoking directly', async () => {
    const event = { client: 'acme', connection: 'ann', requestContext: {} };

    expect(await functions.vend(event)).toMatchObject({ error: 'access_denied', status: 403 });
  });
});

describe('a registration that does not fit', () => {
  it.each<[string, unknown, string]>([
    ['client_id', { provider: 'oauth2' }, 'client_id is required'],
    ['provider', { provider: 'nowhere', client_id: 'x' }, 'provider must be one of'],
    ['a member that nothing reads', { provider: 'oauth2', client_id: 'x', colour: 1 }, 'colour'],
    [
      'a plain http endpoint',
      {
        provider: 'oauth2',
        client_id: 'x',
        provider_overrides: { token: { url: 'http://as.example.com/token' } },
      },
      'provider_overrides.token.url must be https',
    ],
    ['text that is no JSON', 'canary-secret', 'must be one JSON object'],
  ])('names %s to the caller and in the log', async (what, registration, problem) => {
    const client = `bad-${what.replaceAll(/[^a-z]/g, '')}`;
    await stack.register(client, registration);

    const answer = await functions.put(`${client}/ann`, byPassword);

    expectProblem(answer, 503, 'temporarily_unavailable');
    expect(answer.message.error_description).toContain(problem);
    const line = faultLine('REGISTRATION_INVALID');
    expect(JSON.stringify(line)).toContain(problem);
    expect(line?.advice).toContain('correct each member named');
    expect(output.text() + answer.body).not.toContain('canary-secret');
  });

  it('that says nothing of the authorize URL says what to set for the redirect flow', async () => {
    await stack.register('hurdlr-acme', {
      provider: 'hurdlr',
      client_id: 'x',
      client_secret: 's',
      params: { environment: 'sandbox' },
    });
    const body = { client: 'hurdlr-acme', connection: 'ann' };

    const answer = await functions.connect('POST /connect-sessions', { body });

    expectProblem(answer, 400, 'invalid_request');
    expect(answer.message.error_description).toContain('provider_overrides.authorize.url');
  });
});

describe('a provider', () => {
  const endings: readonly (readonly [string, Reply, number, string, string])[] = [
    ['answers HTML', html, 503, 'temporarily_unavailable', 'PROVIDER_UNAVAILABLE'],
    ['answers 503', jsonReply({}, 503), 503, 'temporarily_unavailable', 'PROVIDER_UNAVAILABLE'],
    [
      'answers without a token',
      jsonReply({ canary: 1 }),
      502,
      'provider_error',
      'PROVIDER_ANSWER_INVALID',
    ],
    [
      'refuses our client',
      jsonReply({ error: 'invalid_client', error_description: 'canary-words' }, 401),
      502,
      'provider_error',
      'CLIENT_REFUSED',
    ],
    [
      'refuses the request',
      jsonReply({ error: 'invalid_scope', error_description: 'canary-words' }, 400),
      502,
      'provider_error',
      'PROVIDER_REFUSED_REQUEST',
    ],
    [
      'refuses the credentials',
      jsonReply({ error: 'invalid_grant', error_description: 'canary-words' }, 400),
      422,
      'credentials_refused',
      'CREDENTIALS_REFUSED',
    ],
    [
      'sends us elsewhere',
      { status: 302, headers: { location: 'https://evil.example/?canary-words' } },
      503,
      'temporarily_unavailable',
      'PROVIDER_UNAVAILABLE',
    ],
  ];

  it.each(endings)(
    'that %s: the documented error, a line that says what to do, none of its words',
    async (_what, reply, status, error, code) => {
      stack.provider.answerWith(() => reply);

      const answer = await functions.put('acme/new', byPassword);

      expectProblem(answer, status, error);
      expect(faultLine(code)?.advice).toEqual(expect.stringContaining(';'));
      expect(output.text() + answer.body).not.toContain('canary');
      expectProblem(await functions.show('acme/new'), 404, 'unknown_connection');
    },
  );

  it('that is down: 503 with a time to come back', async () => {
    await stack.register('down', registrationAt('http://127.0.0.1:1'));

    const answer = await functions.put('down/ann', byPassword);

    expectProblem(answer, 503, 'temporarily_unavailable');
    expect(answer.headers?.['retry-after']).toBe('30');
    expect(faultLine('PROVIDER_UNAVAILABLE')).toMatchObject({
      context: { client: 'down', trouble: 'network' },
    });
  });

  it('that fails a reconnect leaves the connection as it was', async () => {
    await functions.put('acme/kept', byPassword);
    const before = await functions.show('acme/kept');

    for (const [, reply] of endings) {
      stack.provider.answerWith(() => reply);
      await functions.put('acme/kept', byPassword);
    }

    expect((await functions.show('acme/kept')).message).toEqual(before.message);
    expect(await functions.vend({ client: 'acme', connection: 'kept' })).toMatchObject({
      access_token: 'access-1',
    });
  });

  it('that fails a refresh loses nothing: it is tried again, and then it works', async () => {
    await functions.put('acme/failing', byPassword);
    await stack.makeDue(aKey('failing'));
    stack.provider.answerWith(() => jsonReply({}, 503));
    expect(await functions.refreshDue()).toEqual({ sent: 1 });

    expect(await functions.refreshAll(await stack.receive('refresh'))).toEqual([]);

    expect((await functions.show('acme/failing')).message).toMatchObject({
      state: 'failing',
      failures: 1,
      next_refresh_at: expect.any(Number),
    });
    expectProblem(await functions.vendHttp('acme/failing'), 503, 'temporarily_unavailable');
  });

  it('that says a grant is dead: 409 with the reason and since when', async () => {
    await functions.put('acme/dead', byPassword);
    await stack.makeDue(aKey('dead'));
    stack.provider.answerWith(() => jsonReply({ error: 'invalid_grant' }, 400));

    const answer = await functions.vendHttp('acme/dead');

    expectProblem(answer, 409, 'reauthorization_required');
    expect(answer.message).toMatchObject({ reason: 'grant_dead', since: expect.any(Number) });
    expect((await functions.show('acme/dead')).message.state).toBe('needs_reauth');
  });

  it.each<[string, Reply, string]>([
    ['answers HTML', html, 'provider_unavailable'],
    ['answers without a token', jsonReply({}), 'exchange_failed'],
    ['refuses the code', jsonReply({ error: 'invalid_grant' }, 400), 'exchange_failed'],
    ['refuses our client', jsonReply({ error: 'invalid_client' }, 401), 'client_refused'],
  ])('that %s when the browser comes back', async (_what, reply, error) => {
    const browser = await sendToProvider(functions, {
      client: 'acme',
      connection: 'browsing',
      return_url: 'https://app.example.com/connected',
    });
    stack.provider.answerWith(() => reply);

    const back = await functions.comeBack('acme', `code=c&state=${browser.state}`, browser.cookies);

    const query = Object.fromEntries(new URL(String(back.headers?.location)).searchParams);
    expect(query).toEqual({ client: 'acme', connection: 'browsing', status: 'failed', error });
    expect(output.lines().find(({ message }) => message === 'connect_failed')).toMatchObject({
      level: 'ERROR',
      advice: expect.any(String),
    });
    expect(output.text()).not.toContain('canary');
  });
});

describe('the browser', () => {
  it('is not shown what an error says', async () => {
    const browser = await sendToProvider(functions, { client: 'acme', connection: 'refused' });
    const markup = encodeURIComponent('<script>canary</script>\r\n');

    const back = await functions.comeBack(
      'acme',
      `error=${markup}&error_description=${markup}&state=${browser.state}`,
      browser.cookies,
    );

    expect(back.statusCode).toBe(502);
    expect(back.headers?.['content-security-policy']).toContain("default-src 'none'");
    expect(back.body + output.text()).not.toContain('canary');
  });

  it('has a session that is not there: a page, and no cookie', async () => {
    const answer = await functions.follow(`session=${'x'.repeat(43)}`);

    expect(answer.statusCode).toBe(404);
    expect(answer).not.toHaveProperty('cookies');
  });

  it('may not send a session twice in one query', async () => {
    const { message } = await functions.connect('POST /connect-sessions', {
      body: { client: 'acme', connection: 'twice' },
    });
    const { search } = new URL(String(message.authorize_url));

    expect((await functions.follow(`${search.slice(1)}&${search.slice(1)}`)).statusCode).toBe(404);
  });

  it('is sent back to our own address, whatever Host says', async () => {
    const browser = await sendToProvider(functions, { client: 'acme', connection: 'hosted' });

    expect(browser.location.searchParams.get('redirect_uri')).toBe(
      'http://127.0.0.1:3000/callback/acme',
    );
    expect(browser.cookies[0]).toMatch(/^evergrant-[\w-]{16}=[\w-]{43}$/);
  });
});

describe('a queue', () => {
  it('of garbage is emptied, with a line that says so', async () => {
    const garbage = [
      { body: 'canary-garbage', groupId: 'g' },
      { body: '{"client":"acme"}', groupId: 'h' },
    ];

    expect(await functions.refreshAll(garbage)).toEqual([]);
    expect(await functions.recoverAll(garbage)).toEqual([]);
    expect(await functions.revokeAll(garbage)).toEqual([]);

    expect(output.lines().filter(({ message }) => message === 'message_dropped')).toHaveLength(6);
    expect(output.text()).not.toContain('canary');
  });

  it('that names a connection that is gone is emptied', async () => {
    const body = JSON.stringify({ client: 'acme', connection: 'gone', refresh_at: 1_790_000_000 });

    expect(await functions.refreshAll([{ body, groupId: 'g' }])).toEqual([]);
  });
});
