/**
 * `npm run demo`: every documented grant of all four providers, over real HTTP, without a browser.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { createBrokerApi } from '../playground/broker-api.ts';
import { findFreePortBase } from '../ports.ts';
import { demoAccounts } from '../simulators/demo-accounts.ts';
import { type Stack, startStack } from '../start.ts';
import { formatResults, type StepResult } from './steps.ts';
import { type Walk, walk } from './walk.ts';

/** Short enough to see a token end, long enough to use it first. */
const accessTokenSeconds = 10;

const [{ id: userId, email: username, password }] = demoAccounts;

const walks: readonly Walk[] = [
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

/** Walks all, side by side. @returns what every step came to. */
async function runDemo(stack: Stack): Promise<readonly StepResult[]> {
  const { urls } = stack;
  await Promise.all(Object.values(urls.providers).map(shortenTokens));
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

async function shortenTokens(simulator: string): Promise<void> {
  await fetch(`${simulator}/_control/settings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ access_token_seconds: accessTokenSeconds }),
  });
}

/** @returns whether every step of every walk went well. */
async function main(): Promise<boolean> {
  const stateDir = mkdtempSync(join(tmpdir(), 'evergrant-demo-'));
  const beganMs = performance.now();
  try {
    console.log('Starting the local stack …');
    const stack = await startStack({ portBase: await findFreePortBase(), stateDir, quiet: true });
    try {
      console.log(`Walking ${walks.length} grants; each waits for a token to end …\n`);
      const results = await runDemo(stack);
      console.log(formatResults(results));
      const failed = results.filter(({ outcome }) => outcome === 'failed').length;
      const seconds = Math.round((performance.now() - beganMs) / 1000);
      console.log(`\n${results.length - failed} steps ok, ${failed} failed, ${seconds} s`);
      return failed === 0;
    } finally {
      await stack.close();
    }
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

process.exit((await main()) ? 0 : 1);
