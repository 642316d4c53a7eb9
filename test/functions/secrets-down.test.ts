import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import { captureOutput, type Functions, loadFunctions } from '../support/functions.ts';
import { registrationAt } from '../support/scripted-provider.ts';

const output = captureOutput();
const byPassword = { grant_type: 'password', username: 'ann', password: 'p' };
let stack: FunctionStack;
let functions: Functions;

beforeAll(async () => {
  stack = await startFunctionStack();
  await stack.register('acme', registrationAt(stack.provider.url));
  functions = await loadFunctions(stack);
});
beforeEach(() => output.clear());
afterAll(async () => {
  output.end();
  await stack.close();
});

it('without a key ring nobody’s credentials are spent, and the log names the ring', async () => {
  await stack.removeSecret('keys/renewal');

  const answer = await functions.put('acme/ann', byPassword);

  expect(answer).toMatchObject({
    statusCode: 503,
    message: { error: 'temporarily_unavailable' },
  });
  expect(stack.provider.calls).toEqual([]);
  expect(output.lines().find(({ code }) => code === 'KEY_RING_INVALID')).toMatchObject({
    advice: expect.stringContaining('restore its secret'),
    context: { purpose: 'renewal', problems: ['there is no such secret'] },
  });
});

it('without Secrets Manager it is the same, and says which service', async () => {
  await stack.servers.secrets.close();

  const answer = await functions.put('other/ann', byPassword);

  expect(answer).toMatchObject({ statusCode: 503, message: { retry_after: 30 } });
  expect(stack.provider.calls).toEqual([]);
  expect(output.lines().find(({ code }) => code === 'STORE_UNAVAILABLE')).toMatchObject({
    context: { store: 'secrets', operation: 'GetSecretValue' },
  });
});
