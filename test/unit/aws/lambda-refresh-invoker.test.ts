import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, it } from 'vitest';
import { lambdaRefreshInvoker } from '../../../lib/aws/lambda-refresh-invoker.ts';
import { buildRefreshReply, parseRefreshRequest } from '../../../lib/aws/refresh-payload.ts';
import type { RefreshReply } from '../../../lib/broker/ports.ts';
import { aKey, aStoredToken, at } from '../../support/connections.ts';
import { localCredentials } from '../../support/local-credentials.ts';
import { type ServiceReply, startScriptedService } from '../../support/scripted-service.ts';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

async function scriptedInvoker(answer: () => ServiceReply | Promise<ServiceReply>) {
  const service = await startScriptedService(answer);
  const client = new LambdaClient({ endpoint: service.url, ...localCredentials, maxAttempts: 1 });
  endings.push(async () => {
    client.destroy();
    await service.close();
  });
  const invoker = lambdaRefreshInvoker({ client, functionName: 'evergrant-test-refresh' });
  return { invoker, requests: service.requests };
}

const replies: readonly RefreshReply[] = [
  { outcome: 'refreshed', state: 'active', token: aStoredToken({ fence: 7 }) },
  {
    outcome: 'failing',
    state: 'failing',
    since: at(1),
    warning: { code: 'refresh_failing', since: at(1) },
    retryAt: at(60),
  },
  { outcome: 'needs_reauth', state: 'needs_reauth', reason: 'grant_dead', since: at(2) },
];

describe('lambdaRefreshInvoker', () => {
  it.each(replies)('answers what the function replied: $outcome', async (reply) => {
    const { invoker } = await scriptedInvoker(() => ({ body: buildRefreshReply(aKey(), reply) }));

    expect(await invoker.invoke({ ...aKey(), seenFence: 3 }, 5000)).toEqual(reply);
  });

  it.each([[{ ...aKey(), seenFence: 3 }], [{ ...aKey() }]])(
    'asks the function by its name for what the caller saw',
    async (request) => {
      const [reply = { outcome: 'fresh', state: 'active' }] = replies;
      const { invoker, requests } = await scriptedInvoker(() => ({
        body: buildRefreshReply(aKey(), reply),
      }));

      await invoker.invoke(request, 5000);

      expect(requests[0]?.operation).toContain('/functions/evergrant-test-refresh/invocations');
      expect(parseRefreshRequest(JSON.parse(requests[0]?.body ?? ''))).toEqual(request);
    },
  );

  it('says busy when Lambda would not start the function, and asks once', async () => {
    const { invoker, requests } = await scriptedInvoker(() => ({
      status: 429,
      headers: { 'x-amzn-errortype': 'TooManyRequestsException' },
      body: { message: 'Rate Exceeded.' },
    }));

    expect(await invoker.invoke(aKey(), 5000)).toBe('busy');
    expect(requests).toHaveLength(1);
  });

  it('answers nothing when no reply came in time', async () => {
    const { invoker } = await scriptedInvoker(() => new Promise<ServiceReply>(() => {}));

    expect(await invoker.invoke(aKey(), 50)).toBeUndefined();
  });

  it('answers nothing when there is no time at all', async () => {
    const { invoker } = await scriptedInvoker(() => new Promise<ServiceReply>(() => {}));

    expect(await invoker.invoke(aKey(), -5)).toBeUndefined();
  });

  it('throws when the function failed, and repeats nothing of its error', async () => {
    const { invoker } = await scriptedInvoker(() => ({
      headers: { 'x-amz-function-error': 'Unhandled' },
      body: { errorMessage: 'CANARY-9' },
    }));

    const fault = await invoker.invoke(aKey(), 5000).catch((error: unknown) => error);

    expect(fault).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      context: { store: 'refresh-function', reason: 'FunctionError' },
    });
    expect(JSON.stringify(fault)).not.toContain('CANARY');
  });

  it.each([
    ['is not ours', { hello: 'world' }],
    ['has a token that does not read', { ...aKey(), outcome: 'fresh', state: 'active', token: {} }],
  ])('throws when the reply %s', async (_, body) => {
    const { invoker } = await scriptedInvoker(() => ({ body }));

    await expect(invoker.invoke(aKey(), 5000)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      context: { store: 'refresh-function', reason: 'reply' },
    });
  });
});
