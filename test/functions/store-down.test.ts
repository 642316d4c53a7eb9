import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildRecoveryMessage } from '../../lib/aws/recovery-message.ts';
import { aCommitted, aKey, aStoredToken } from '../support/connections.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import {
  type BrowserAtProvider,
  captureOutput,
  type Functions,
  loadFunctions,
  sendToProvider,
} from '../support/functions.ts';
import { registrationAt } from '../support/scripted-provider.ts';

const output = captureOutput();
const byPassword = { grant_type: 'password', username: 'ann', password: 'p' };
let stack: FunctionStack;
let functions: Functions;
let browser: BrowserAtProvider;
let callsBefore: number;

/** Everything is up, one connection is there and a browser at the provider; then DynamoDB goes. */
beforeAll(async () => {
  stack = await startFunctionStack();
  await stack.register('acme', registrationAt(stack.provider.url));
  functions = await loadFunctions(stack);
  await functions.put('acme/ann', byPassword);
  browser = await sendToProvider(functions, { client: 'acme', connection: 'bob' });
  await stack.servers.dynamodb.close();
  callsBefore = stack.provider.calls.length;
  output.clear();
});
afterAll(async () => {
  output.end();
  await stack.close();
});

const storeLines = () => output.lines().filter(({ code }) => code === 'STORE_UNAVAILABLE');
const down = { statusCode: 503, message: { error: 'temporarily_unavailable', retry_after: 30 } };

it('every IAM route says to come back', async () => {
  const answers = await Promise.all([
    functions.show('acme/ann'),
    functions.remove('acme/ann'),
    functions.connections('GET /connections', { query: { client: 'acme' } }),
    functions.vendHttp('acme/ann'),
    functions.connect('POST /connect-sessions', { body: { client: 'acme', connection: 'x' } }),
    functions.connect('POST /connect-sessions/complete', { body: { completion: 'c'.repeat(43) } }),
  ]);

  for (const answer of answers) expect(answer).toMatchObject(down);
  expect(storeLines().length).toBeGreaterThanOrEqual(answers.length);
  for (const { advice } of storeLines()) expect(advice).toContain('look at its health');
});

it('a direct vend says so in the same words', async () => {
  expect(await functions.vend({ client: 'acme', connection: 'ann' })).toMatchObject({
    error: 'temporarily_unavailable',
    status: 503,
  });
});

it('a browser gets a page to reload, and its code is not spent', async () => {
  const back = await functions.comeBack('acme', `code=c&state=${browser.state}`, browser.cookies);

  expect(back.statusCode).toBe(503);
  expect(back.body).toContain('reload');
  expect(stack.provider.calls).toHaveLength(callsBefore);
});

it('a queue keeps its messages', async () => {
  const message = { client: 'acme', connection: 'ann', refresh_at: 1_790_000_000 };

  const failed = await functions.refreshAll([{ body: JSON.stringify(message), groupId: 'g' }]);

  expect(failed).toEqual(['message-0']);
  expect(stack.provider.calls).toHaveLength(callsBefore);
});

it('the recovery queue keeps its answers', async () => {
  const fence = Date.parse('2100-01-01');
  const body = buildRecoveryMessage({
    ...aKey(),
    fence,
    answer: aCommitted({ committedFence: fence }),
    token: aStoredToken({ fence }),
  });

  expect(await functions.recoverAll([{ body, groupId: undefined }])).toEqual(['message-0']);
});

it('the schedule fails, so that its alarm hears of it', async () => {
  await expect(functions.refreshDue()).rejects.toThrow('the invocation failed');
});
