import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { createBrokerApi } from '../playground/broker-api.ts';
import { demoAccounts } from '../simulators/demo-accounts.ts';
import type { Stack } from '../start.ts';
import type { StepResult } from './steps.ts';
import { type Walk, walk } from './walk.ts';

const [{ id: userId, email: username, password }] = demoAccounts;

/** Every documented grant of each provider. */
export const walks: readonly Walk[] = [
  {
    provider: 'HURMA',
    client: 'hurma-acme',
    connection: 'demo-code',
    connect: 'authorization_code',
    renewable: true,
  },
  {
    provider: 'HURMA',
    client: 'hurma-acme-password',
    connection: 'demo-password',
    connect: { grant_type: 'password', username, password, retain_credentials: true },
    renewable: true,
  },
  {
    provider: 'Hurdlr',
    client: 'hurdlr-acme',
    connection: 'demo-code',
    connect: 'authorization_code',
    renewable: true,
  },
  {
    provider: 'Hurdlr',
    client: 'hurdlr-acme',
    connection: 'demo-client-credentials',
    connect: { grant_type: 'client_credentials', params: { userId } },
    renewable: true,
  },
  {
    provider: 'Humanity',
    client: 'humanity-acme',
    connection: 'demo-password',
    connect: { grant_type: 'password', username, password },
    renewable: true,
  },
  {
    provider: 'HyperSKU',
    client: 'hypersku-acme',
    connection: 'demo-code',
    connect: 'authorization_code',
    // Where its tokens are refreshed is not public.
    renewable: false,
  },
];

/**
 * Walks all, side by side.
 *
 * @param options.accessTokenSeconds - how long tokens live: short enough to see one end, long enough to
 *   use it first.
 * @returns what every step came to.
 */
export async function walkAll(
  stack: Pick<Stack, 'urls'>,
  { accessTokenSeconds }: { readonly accessTokenSeconds: number },
): Promise<readonly StepResult[]> {
  const { urls } = stack;
  await Promise.all(
    Object.values(urls.providers).map((url) => shortenTokens(url, accessTokenSeconds)),
  );
  const broker = createBrokerApi(urls);
  const lambda = new LambdaClient({
    endpoint: urls.lambda,
    region: urls.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const runSchedule = async () => {
    const FunctionName = `evergrant-${urls.stage}-refresh-due`;
    await lambda.send(new InvokeCommand({ FunctionName, Payload: Buffer.from('{}') }));
  };
  try {
    const results = await Promise.all(
      walks.map(async (plan) => {
        const own: StepResult[] = [];
        await walk({ broker, runSchedule }, plan, own);
        return own;
      }),
    );
    return results.flat();
  } finally {
    broker.close();
    lambda.destroy();
  }
}

async function shortenTokens(simulator: string, accessTokenSeconds: number): Promise<void> {
  await fetch(`${simulator}/_control/settings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ access_token_seconds: accessTokenSeconds }),
  });
}
