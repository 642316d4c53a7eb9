import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lambdaTransport } from '../../../lib/client/lambda-transport.ts';
import { localCredentials, nobodyListens } from '../../support/local-credentials.ts';
import { type ServiceReply, startScriptedService } from '../../support/scripted-service.ts';

const request = {
  client: 'hurma-acme',
  connection: 'ann',
  minTtlSeconds: 60,
  maxWaitSeconds: 10,
};
let reply: ServiceReply | Promise<ServiceReply>;
let service: Awaited<ReturnType<typeof startScriptedService>>;
let lambda: LambdaClient;

beforeAll(async () => {
  service = await startScriptedService(() => reply);
  lambda = new LambdaClient({ endpoint: service.url, maxAttempts: 1, ...localCredentials });
});
beforeEach(() => {
  reply = { body: { state: 'active' } };
});
afterAll(async () => {
  lambda.destroy();
  await service.close();
});

const ask = (timeoutMs = 10_000, client = lambda) =>
  lambdaTransport(client, 'evergrant-prod-vend').ask(request, timeoutMs);

it('invokes the function with the words of the interface and waits for its answer', async () => {
  const answer = await ask();
  await lambdaTransport(lambda, 'evergrant-prod-vend').ask(
    { ...request, rejectedTokenSha256: 'ab' },
    1000,
  );

  expect(answer).toEqual({ outcome: 'answered', message: { state: 'active' } });
  expect(service.requests.map(({ operation, body }) => [operation, JSON.parse(body)])).toEqual([
    [
      '/2015-03-31/functions/evergrant-prod-vend/invocations',
      { client: 'hurma-acme', connection: 'ann', min_ttl_seconds: 60, max_wait_seconds: 10 },
    ],
    [
      '/2015-03-31/functions/evergrant-prod-vend/invocations',
      {
        client: 'hurma-acme',
        connection: 'ann',
        min_ttl_seconds: 60,
        max_wait_seconds: 10,
        rejected_token_sha256: 'ab',
      },
    ],
  ]);
});

describe('of what Lambda says', () => {
  it.each<[number, string, string, boolean]>([
    [429, 'TooManyRequestsException', 'throttled', true],
    [500, 'ServiceException', 'service_error', true],
    [502, 'EC2UnexpectedException', 'service_error', true],
    [503, 'ServiceUnavailableException', 'service_error', true],
    [409, 'ResourceConflictException', 'service_error', true],
    [404, 'ResourceNotFoundException', 'not_found', false],
    [403, 'UnrecognizedClientException', 'credentials', false],
    [403, 'ExpiredTokenException', 'credentials', false],
    [400, 'InvalidParameterValueException', 'configuration', false],
  ])('%d %s is %s, and repeated: %s', async (status, name, reason, mayRepeat) => {
    reply = { status, headers: { 'x-amzn-errortype': name }, body: { Message: 'canary' } };

    expect(await ask()).toEqual({ outcome: 'unreachable', reason, mayRepeat });
  });

  it('AccessDeniedException is that the caller may not ask', async () => {
    const headers = { 'x-amzn-errortype': 'AccessDeniedException' };
    reply = { status: 403, headers, body: { Message: 'no' } };

    expect(await ask()).toEqual({ outcome: 'denied' });
  });

  it('that the function failed is no answer, whatever it left behind', async () => {
    const headers = { 'x-amz-function-error': 'Unhandled' };
    reply = { headers, body: { errorType: 'Sandbox.Timedout', access_token: 'canary' } };

    expect(await ask()).toEqual({
      outcome: 'unreachable',
      reason: 'function_failed',
      mayRepeat: true,
    });
  });

  it.each([null, 'text', 7])('an answer that is %o is none', async (body) => {
    reply = { body };

    expect(await ask()).toMatchObject({ reason: 'unusable_answer', mayRepeat: false });
  });
});

describe('where Lambda is not reached', () => {
  it('a connection that fails is tried again', async () => {
    const nowhere = new LambdaClient(nobodyListens);

    expect(await ask(10_000, nowhere)).toEqual({
      outcome: 'unreachable',
      reason: 'network',
      mayRepeat: true,
    });
  });

  it('the time that there was is over', async () => {
    const { promise, resolve } = Promise.withResolvers<ServiceReply>();
    reply = promise;

    expect(await ask(20)).toEqual({ outcome: 'unreachable', reason: 'timeout', mayRepeat: false });
    resolve({ body: {} });
  });

  it('and there are no credentials, that is said', async () => {
    const anonymous = new LambdaClient({
      endpoint: service.url,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: async () => {
        throw Object.assign(new Error('canary'), { name: 'CredentialsProviderError' });
      },
    });

    expect(await ask(10_000, anonymous)).toMatchObject({ reason: 'credentials', mayRepeat: false });
  });

  it('and there is no Region, that is said', async () => {
    const nowhere = new LambdaClient({
      endpoint: service.url,
      region: async () => {
        throw new Error('Region is missing');
      },
      credentials: localCredentials.credentials,
    });

    expect(await ask(10_000, nowhere)).toMatchObject({ reason: 'configuration' });
  });
});
