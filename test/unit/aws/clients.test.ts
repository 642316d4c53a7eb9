import { afterEach, describe, expect, it } from 'vitest';
import {
  dynamodbClient,
  eventBridgeClient,
  lambdaClient,
  secretsManagerClient,
  sqsClient,
} from '../../../lib/aws/clients.ts';
import { requestLimits as deployed } from '../../../lib/aws/request-limits.ts';

const clients = {
  dynamodbClient,
  eventBridgeClient,
  lambdaClient,
  secretsManagerClient,
  sqsClient,
};
const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

describe.each(Object.entries(clients))('%s', (name, make) => {
  it('gives a request up when its time is over, and does not only warn of it', async () => {
    const client = make();
    endings.push(() => client.destroy());
    const { requestHandler } = client.config;
    // The handler resolves its options with its first request.
    const options = await Reflect.get(requestHandler, 'configProvider');

    expect(options).toMatchObject({ throwOnRequestTimeout: true, connectionTimeout: 15_000 });
    expect(options.requestTimeout).toBeGreaterThanOrEqual(15_000);
  });

  it('puts the steps of a request together once, not for each', () => {
    const client = make();
    endings.push(() => client.destroy());

    expect(client.config).toMatchObject({ cacheMiddleware: true });
  });

  it('tries as often as its caller can bear', async () => {
    const client = make();
    endings.push(() => client.destroy());

    expect(await client.config.maxAttempts()).toBe(name === 'lambdaClient' ? 1 : 3);
  });
});

it('gives DynamoDB three tries within the five seconds to store an answer, where it is deployed', () => {
  expect(3 * deployed.dynamodbMs).toBeLessThan(5000);
  expect(deployed.connectionMs).toBeLessThanOrEqual(deployed.dynamodbMs);
});

it('sends to the endpoint that is configured for SQS, not to where a queue’s URL points', () => {
  const client = sqsClient();
  endings.push(() => client.destroy());

  expect(client.config.useQueueUrlAsEndpoint).toBe(false);
});
