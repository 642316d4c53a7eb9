import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { authorizationKey, sessionKey } from '../../lib/aws/session-row.ts';
import { hashToken } from '../../lib/broker/one-time-token.ts';
import { createBrokerApi } from '../../local/playground/broker-api.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { aVisitor, expectNoComplaints, startBrowser, type Visitor } from './a-browser.ts';
import { aConnectLink, decide } from './consent.ts';

let browser: Browser;
let visitor: Visitor;

beforeAll(async () => {
  browser = await startBrowser();
  // The pages have to work without script: here none is run.
  visitor = await aVisitor(browser, { script: false });
});
afterAll(async () => {
  expectNoComplaints(visitor);
  await browser.close();
});

const headingOf = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();
const factsOf = (page: Page) => page.getByRole('definition').allTextContents();
const states = async (client: string, ...ids: readonly string[]) => {
  const broker = createBrokerApi(inject('stack'));
  const shown = await Promise.all(
    ids.map((connection) => broker.show({ client, connection } as never)),
  );
  broker.close();
  return shown.map(({ body }) => body.state ?? body.error);
};

/** Lets a row of the table `sessions` be over, as it is when a person takes too long. */
async function expire(row: string): Promise<void> {
  const dynamodb = new DynamoDBClient({ endpoint: inject('stack').dynamodb, ...localCredentials });
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: 'evergrant-local-sessions',
      Key: { pk: { S: row } },
      UpdateExpression: 'SET expires_at = :past',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: { ':past': { N: '1' } },
    }),
  );
  dynamodb.destroy();
}

/** Allows, and copies the address that the provider sends the browser to instead of following it. */
async function copyAnswer(consentUrl: string): Promise<string> {
  const form = new URLSearchParams({ account: 'ann', decision: 'allow' });
  const response = await fetch(consentUrl, { method: 'POST', body: form, redirect: 'manual' });
  return response.headers.get('location') ?? '';
}

it('a person who allows is told which account is connected', async () => {
  const { page } = visitor;
  await page.goto(await aConnectLink({ client: 'hurma-acme', connection: 'plain' }));

  await decide(page, 'Allow');

  expect(await headingOf(page)).toBe('Your HURMA account is connected');
  expect(await factsOf(page)).toEqual(['HURMA', 'hurma-acme/plain']);
  expect(await states('hurma-acme', 'plain')).toEqual(['active']);
});

it('a person who denies is told that nothing was changed', async () => {
  const { page } = visitor;
  await page.goto(await aConnectLink({ client: 'hurdlr-acme', connection: 'denied' }));

  await decide(page, 'Deny');

  expect(await headingOf(page)).toBe('You declined access');
  expect(await states('hurdlr-acme', 'denied')).toEqual(['unknown_connection']);
});

it('two tabs of one browser connect two accounts at once, in whatever order they end', async () => {
  const [first, second] = [await visitor.openTab(), await visitor.openTab()];
  await first.goto(await aConnectLink({ client: 'hypersku-acme', connection: 'tab-1' }));
  await second.goto(await aConnectLink({ client: 'hypersku-acme', connection: 'tab-2' }));

  await decide(second, 'Allow', 'Ben Okafor');
  await decide(first, 'Allow', 'Ann Fisher');

  expect(await factsOf(first)).toEqual(['HyperSKU', 'hypersku-acme/tab-1']);
  expect(await factsOf(second)).toEqual(['HyperSKU', 'hypersku-acme/tab-2']);
  expect(await states('hypersku-acme', 'tab-1', 'tab-2')).toEqual(['active', 'active']);
});

it('two tabs at one provider’s page for one link both end well', async () => {
  const link = await aConnectLink({ client: 'hurma-acme', connection: 'twice' });
  const [first, second] = [await visitor.openTab(), await visitor.openTab()];
  await first.goto(link);
  await second.goto(link);

  await Promise.all([decide(first, 'Allow'), decide(second, 'Allow')]);

  expect(await headingOf(first)).toBe('Your HURMA account is connected');
  expect(await headingOf(second)).toBe('Your HURMA account is connected');
});

it('an answer that comes again is told to have been used', async () => {
  const { page } = visitor;
  await page.goto(await aConnectLink({ client: 'hurma-acme', connection: 'again' }));
  await decide(page, 'Allow');
  const callback = page.url();

  const reloaded = await page.reload();

  expect(callback).toContain('/callback/hurma-acme?');
  expect(reloaded?.status()).toBe(400);
  expect(await headingOf(page)).toBe('This link was already used');
  expect(await states('hurma-acme', 'again')).toEqual(['active']);
});

it('an answer in another browser connects nothing, and spoils nothing for the right one', async () => {
  const { page } = visitor;
  const other = await aVisitor(browser);
  await page.goto(await aConnectLink({ client: 'hurma-acme', connection: 'elsewhere' }));
  const callback = await copyAnswer(page.url());

  await other.page.goto(callback);
  expect(await headingOf(other.page)).toBe('This link was already used');
  expect(await states('hurma-acme', 'elsewhere')).toEqual(['unknown_connection']);
  await page.goto(callback);
  expect(await headingOf(page)).toBe('Your HURMA account is connected');
  await other.context.close();
});

it('a link that is over, or none of ours, leads nowhere', async () => {
  const { page } = visitor;
  const link = await aConnectLink({ client: 'hurma-acme', connection: 'late' });
  const session = new URL(link).searchParams.get('session') ?? '';
  await expire(sessionKey(hashToken(session)));

  for (const url of [link, link.replace(/session=.*/, 'session=guessed')]) {
    const response = await page.goto(url);

    expect(response?.status()).toBe(404);
    expect(await headingOf(page)).toBe('This link is no longer good');
  }
});

it('a person who takes longer than ten minutes at the provider has to start again', async () => {
  const { page } = visitor;
  await page.goto(await aConnectLink({ client: 'hurdlr-acme', connection: 'slow' }));
  const state = new URL(page.url()).searchParams.get('state') ?? '';
  await expire(authorizationKey(hashToken(state)));

  await decide(page, 'Allow');

  expect(await headingOf(page)).toBe('This link was already used');
  expect(await states('hurdlr-acme', 'slow')).toEqual(['unknown_connection']);
});

it('a provider that is down is told so, and a second try with the same link works', async () => {
  const { page } = visitor;
  const link = await aConnectLink({ client: 'hurma-acme', connection: 'down' });
  await page.goto(link);
  await fetch(`${inject('stack').providers.hurma}/_control/fail`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ status: 503, count: 1 }),
  });

  await decide(page, 'Allow');

  expect(await headingOf(page)).toBe('The connection was not made');
  expect(await factsOf(page)).toEqual(['HURMA', 'hurma-acme/down', 'provider_unavailable']);
  await page.goto(link);
  await decide(page, 'Allow');
  expect(await headingOf(page)).toBe('Your HURMA account is connected');
});

it('an answer that is none is told to be unreadable', async () => {
  const { page } = visitor;
  await page.goto(await aConnectLink({ client: 'hurma-acme', connection: 'odd' }));

  const response = await page.goto(`${inject('stack').api}/callback/hurma-acme?state=x&state=y`);

  expect(response?.status()).toBe(400);
  expect(await headingOf(page)).toBe('This answer cannot be read');
});
