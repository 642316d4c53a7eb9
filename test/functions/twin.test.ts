/** A twin of `vend`: the same code, deployed under another name with a reach of its own. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import { captureOutput, type Functions, loadFunctions } from '../support/functions.ts';
import { aContext } from '../support/lambda-context.ts';
import { registrationAt, tokenReply } from '../support/scripted-provider.ts';

const output = captureOutput();
const byPassword = { grant_type: 'password', username: 'ann', password: 'p' };
let stack: FunctionStack;
let functions: Functions;

beforeAll(async () => {
  stack = await startFunctionStack();
  functions = await loadFunctions(stack);
  for (const client of ['crm-eu', 'crm-us', 'billing']) {
    await stack.register(client, registrationAt(stack.provider.url));
    stack.provider.answerWith(() => tokenReply({ access_token: `access-${client}` }));
    await functions.put(`${client}/ann`, byPassword);
  }
});
beforeEach(() => output.clear());
afterAll(async () => {
  vi.unstubAllEnvs();
  output.end();
  await stack.close();
});

/** The twin as Lambda starts it: with its own environment, which it reads once. */
async function startTwin(vendAllow: string | undefined) {
  vi.stubEnv('VEND_ALLOW', vendAllow);
  vi.resetModules();
  const { handler } = await import('../../functions/vend.ts');
  const invokedFunctionArn = 'arn:aws:lambda:us-east-1:1:function:evergrant-local-vend-crm:live';
  const context = aContext({ functionName: 'evergrant-local-vend-crm', invokedFunctionArn });
  return (client: string) => handler({ client, connection: 'ann' }, context);
}

describe('a twin with VEND_ALLOW crm-*/*', () => {
  it.each(['crm-eu', 'crm-us'])('vends of %s', async (client) => {
    const vend = await startTwin('crm-*/*');

    expect(await vend(client)).toMatchObject({ access_token: `access-${client}` });
  });

  it('denies everything else, whether it is there or not, and says who it is in the log', async () => {
    const vend = await startTwin('crm-*/*');

    for (const client of ['billing', 'crm', 'xcrm-eu', 'nowhere']) {
      expect(await vend(client)).toMatchObject({ error: 'access_denied', status: 403 });
    }

    const lines = output.lines().filter(({ message }) => message === 'access');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatchObject({
      reach: 'evergrant-local-vend-crm:live',
      connection: 'billing/ann',
      decision: 'denied',
    });
  });

  it('leaves the reach of vend as it is', async () => {
    await startTwin('crm-*/*');

    expect(await functions.vend({ client: 'billing', connection: 'ann' })).toMatchObject({
      access_token: 'access-billing',
    });
  });
});

it.each([undefined, '', ' , '])('a twin with VEND_ALLOW %j serves nobody', async (vendAllow) => {
  const vend = await startTwin(vendAllow);

  expect(await vend('crm-eu')).toMatchObject({ error: 'access_denied' });
});
