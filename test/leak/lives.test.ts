/**
 * Whole lives with a canary in every secret. None may sing: not in output, not in an answer, not in
 * a queue, not in a row.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveCodeVerifier } from '../../lib/oauth/authorization-request.ts';
import { Secret } from '../../lib/secret.ts';
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
import { keyCharacters } from '../support/key-rings.ts';
import {
  jsonReply,
  type ProviderCall,
  registrationAt,
  tokenReply,
} from '../support/scripted-provider.ts';
import { canaries } from './canaries.ts';

const output = captureOutput();
const secrets = canaries();
for (const [kind, secret] of [
  ['client secret', 'canary-client-secret'],
  ['older client secret', 'canary-older-client-secret'],
  ['header', 'canary-header'],
  ['password', 'canary-password'],
  ['imported access token', 'canary-imported-access'],
  ['imported refresh token', 'canary-imported-refresh'],
  ['access-token ring', keyCharacters('access-token', 'k1')],
  ['renewal ring', keyCharacters('renewal', 'k1')],
] as const) {
  secrets.add(kind, secret);
}
const { draw, foundIn: secretsIn } = secrets;
/** Answers of ours, but for the places where a secret is meant to be. */
const answers: unknown[] = [];
const queued: unknown[] = [];
const events: unknown[] = [];
/** Rows as they were in the middle of each life. */
const stored = { connections: [] as unknown[], tokens: [] as unknown[], sessions: [] as unknown[] };
/** Some seconds on an idle machine. */
const lifetimesMs = 300_000;
let stack: FunctionStack;
let functions: Functions;

beforeAll(async () => {
  stack = await startFunctionStack();
  functions = await loadFunctions(stack);
  await stack.register(
    'acme',
    registrationAt(stack.provider.url, {
      client_secret: undefined,
      client_secrets: ['canary-client-secret', 'canary-older-client-secret'],
      token_request_headers: { 'x-canary': 'canary-header' },
    }),
  );
  for (const ending of Object.values(endings)) {
    await liveOnce(ending);
  }
  for (let rest = [...stack.takeChanges()]; rest.length > 0; ) {
    answers.push(await functions.publishAll(rest.splice(0, 100)));
  }
  events.push(...(await stack.events()), ...(await stack.receive('eventsDead')));
}, lifetimesMs);
afterAll(async () => {
  output.end();
  await stack.close();
});

const aTokenReply = () =>
  tokenReply({ access_token: draw('access'), refresh_token: draw('refresh') });
/** A server that repeats all that it was sent, as some do in their errors. */
const echo = ({ form, headers }: ProviderCall) => JSON.stringify({ form, headers });

const endings: Readonly<Record<string, (call: ProviderCall) => Reply>> = {
  // First: the older client secret is sent no more once the newer one has worked.
  'invalid_client, with an echo': (call) =>
    jsonReply({ error: 'invalid_client', error_description: echo(call) }, 401),
  granted: aTokenReply,
  'refused, with an echo': (call) =>
    jsonReply(
      { error: 'invalid_request', error_description: echo(call), error_uri: echo(call) },
      400,
    ),
  'an error that is an echo': (call) => jsonReply({ error: echo(call) }, 400),
  'invalid_grant, with an echo': (call) =>
    jsonReply({ error: 'invalid_grant', error_description: echo(call) }, 400),
  'a page that is an echo': (call) => ({
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: echo(call),
  }),
  'an outage with an echo': (call) => ({
    status: 503,
    headers: { 'content-type': 'text/plain', 'retry-after': draw('retry') },
    body: echo(call),
  }),
  'broken JSON with a token in it': () => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `{"access_token":"${draw('access')}","refresh_token":"${draw('refresh')}"`,
  }),
  'a token of another type': () =>
    tokenReply({ access_token: draw('access'), token_type: draw('type') }),
  'a token with a line break': () => tokenReply({ access_token: `${draw('access')}\r\n` }),
  'no access token': () => jsonReply({ refresh_token: draw('refresh'), token_type: 'Bearer' }),
  'a token twice': () => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `{"access_token":"${draw('access')}","access_token":"${draw('access')}"}`,
  }),
  'tokens where numbers and texts should be': () =>
    tokenReply({
      access_token: draw('access'),
      expires_in: draw('expiry'),
      refresh_token: { token: draw('refresh') },
      id_token: draw('id-token'),
      [draw('member')]: draw('unwanted'),
    }),
  'a scope with a line break': () => tokenReply({ scope: `read\r\n${draw('scope')}` }),
  'a token of 20 KB': () => tokenReply({ access_token: draw('access').repeat(1000) }),
  'an answer of 1 MB': (call) => jsonReply({ pad: echo(call).padEnd(1_000_000, draw('pad')) }),
  'an answer that is no gzip': (call) => ({
    status: 200,
    headers: { 'content-encoding': 'gzip' },
    body: echo(call),
  }),
  'nesting without end around a token': () => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `${'['.repeat(30_000)}"${draw('access')}"${']'.repeat(30_000)}`,
  }),
  'a form with a token and an error': () => ({
    status: 200,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `access_token=${draw('access')}&error=${draw('error')}`,
  }),
  'headers that are an echo': (call) => ({
    ...jsonReply({ error: 'invalid_token' }, 401),
    headers: {
      'content-type': draw('media-type'),
      'www-authenticate': `Bearer error="${draw('challenge')}", echo=${Buffer.from(echo(call)).toString('base64')}`,
      'set-cookie': `a=${draw('set-cookie')}`,
    },
  }),
  'a status that nobody knows': (call) => ({ status: 599, body: echo(call) }),
  'a redirect that carries an echo': (call) => ({
    status: 302,
    headers: { location: `https://evil.example/?${new URLSearchParams(call.form)}` },
  }),
};

/** Begins, comes back, refreshes, vends, ends: each step answered well at first, then as `ending` says. */
async function liveOnce(ending: (call: ProviderCall) => Reply): Promise<void> {
  stack.provider.answerWith(ending);
  await redirectFlow(false);
  stack.provider.answerWith(aTokenReply);
  await redirectFlow(true);
  await liveDirectly(ending);
  stack.provider.answerWith(ending);
  await refreshBySchedule();
  await vend();
  await leaveRowsOfEveryKind();
  for (const table of ['connections', 'tokens', 'sessions'] as const) {
    stored[table].push(...(await stack.rows(table)));
  }
  stack.provider.answerWith(ending);
  await endConnection();
}

async function redirectFlow(confirm: boolean): Promise<void> {
  const browser = await beginFlow(confirm);
  const code = draw('code');
  const query = `code=${code}&state=${browser.state}`;

  const back = await functions.comeBack('acme', query, browser.cookies);
  answers.push(await functions.comeBack('acme', query, browser.cookies));
  answers.push(await functions.comeBack('acme', `code=${code}&${query}`, browser.cookies));

  const completion = takeCompletion(back);
  if (completion === undefined) return;
  const send = () => functions.connect('POST /connect-sessions/complete', { body: { completion } });
  answers.push(await send(), await send());
}

async function beginFlow(confirm: boolean): Promise<BrowserAtProvider> {
  const browser = await sendToProvider(functions, {
    client: 'acme',
    connection: 'ann',
    return_url: 'https://app.example.com/connected',
    confirm,
  });
  const [cookie = ''] = browser.cookies;
  const cookieSecret = cookie.split('=')[1] ?? '';
  secrets.add('session', browser.session);
  secrets.add('state', browser.state);
  secrets.add('cookie', cookieSecret);
  secrets.add('verifier', deriveCodeVerifier(new Secret('cookie', cookieSecret)).reveal());
  return browser;
}

/** Keeps the answer but for the completion, which the application is meant to have. */
function takeCompletion(back: HttpAnswer): string | undefined {
  const { headers: { location, ...headers } = {}, ...rest } = back;
  const url = new URL(String(location));
  const completion = url.searchParams.get('completion') ?? undefined;
  url.searchParams.delete('completion');
  answers.push({ ...rest, headers }, url.href);
  if (completion !== undefined) secrets.add('completion', completion);
  return completion;
}

/** A browser that is still at the provider, and a grant that is not confirmed. */
async function leaveRowsOfEveryKind(): Promise<void> {
  stack.provider.answerWith(aTokenReply);
  const { state, cookies } = await beginFlow(true);
  takeCompletion(await functions.comeBack('acme', `code=${draw('code')}&state=${state}`, cookies));
  await beginFlow(false);
}

async function liveDirectly(ending: (call: ProviderCall) => Reply): Promise<void> {
  const body = {
    grant_type: 'password',
    username: 'ann',
    password: 'canary-password',
    retain_credentials: true,
  };
  const imported = {
    access_token: 'canary-imported-access',
    refresh_token: 'canary-imported-refresh',
  };
  answers.push(await functions.put('acme/ann', { ...body, unknown: 'canary-password' }));
  answers.push(await functions.put('acme/ann', { import: { ...imported, scope: 7 } }));
  answers.push(await functions.put('acme/bob', { import: imported }));
  stack.provider.answerWith(ending);
  answers.push(await functions.put('acme/ann', body));
  stack.provider.answerWith(aTokenReply);
  answers.push(await functions.put('acme/ann', body));
  answers.push(await functions.show('acme/ann'));
  answers.push(await functions.connections('GET /connections', { query: { client: 'acme' } }));
}

async function refreshBySchedule(): Promise<void> {
  await stack.makeDue(aKey());
  answers.push(await functions.refreshDue());
  const due = await stack.receive('refresh');
  queued.push(due);
  answers.push(await functions.refreshAll(due));
  // What `vend` is answered by `refresh` crosses Lambda: it holds the token sealed.
  answers.push(await functions.refresh({ client: 'acme', connection: 'ann' }));
}

async function vend(): Promise<void> {
  await functions.vend({ client: 'acme', connection: 'ann' });
  await functions.vendHttp('acme/ann');
  const refused = 'canary-imported-access';
  answers.push(await functions.vendHttp('acme/ann', { rejected_token: refused }));
  answers.push(await functions.vend({ client: 'acme', connection: 'ann', access_token: refused }));
}

async function endConnection(): Promise<void> {
  answers.push(await functions.remove('acme/ann'));
  const revocations = await stack.receive('revoke');
  queued.push(revocations, await stack.receive('recovery'));
  answers.push(await functions.revokeAll(revocations));
  answers.push(await functions.show('acme/ann'));
}

describe('no secret is in', () => {
  it('anything that was written to standard output and standard error, metrics among it', () => {
    const text = output.text();

    expect(text).toContain('"connect_failed"');
    expect(text).toContain('"CloudWatchMetrics"');
    expect(text).not.toContain('left_out');
    expect(secretsIn(text)).toEqual([]);
  });

  it('an answer, but where a token is asked for', () => {
    expect(answers.length).toBeGreaterThan(200);
    expect(secretsIn(JSON.stringify(answers))).toEqual([]);
  });

  it('a queue', () => {
    const text = JSON.stringify(queued);

    expect(text).toContain('sealed');
    expect(text).toContain('refresh_at');
    expect(secretsIn(text)).toEqual([]);
  });

  it('an event, nor anything sealed, nor a word of the provider', () => {
    const text = JSON.stringify(events);

    expect(events.length).toBeGreaterThan(50);
    expect(text).not.toMatch(/eyJ|sealed|scope|account_id|values/);
    expect(secretsIn(text)).toEqual([]);
  });

  it.each(['connections', 'tokens', 'sessions'] as const)('a row of the table %s', (table) => {
    const text = JSON.stringify(stored[table]);

    expect(stored[table].length).toBeGreaterThanOrEqual(Object.keys(endings).length);
    expect(text).toContain(
      { connections: 'pending:', tokens: 'sealed', sessions: 'cookie_hash' }[table],
    );
    expect(secretsIn(text)).toEqual([]);
  });
});

it('every secret was really used, and would have been found', () => {
  const said = JSON.stringify(stack.provider.calls);

  for (const name of ['client secret', 'older client secret', 'header', 'password', 'verifier']) {
    expect(secretsIn(said).some((found) => found.startsWith(name))).toBe(true);
  }
});
