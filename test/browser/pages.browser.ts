import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ReturnError } from '../../lib/broker/complete-authorization.ts';
import { authorizationAnswer } from '../../lib/http/authorization-answer.ts';
import { callbackAnswer } from '../../lib/http/callback-answer.ts';
import { strayPage } from '../../lib/http/page.ts';
import { english, type Words } from '../../lib/http/page-texts.ts';
import { type RunningServer, startHttpServer } from '../../local/http-server.ts';
import { aPlan } from '../support/sessions.ts';
import { aVisitor, expectNoComplaints, startBrowser, type Visitor } from './a-browser.ts';
import { expectNoSidewaysScroll, expectSound } from './soundness.ts';

const words: Words = { language: 'en', texts: english };
const visit = { publicBaseUrl: 'https://evergrant.example.com', words };
const origin = { plan: aPlan(), providerTitle: 'HURMA', cookieLabel: 'l' };
const longest = {
  ...origin,
  plan: aPlan({ client: 'c'.repeat(63), connection: `_${'9'.repeat(127)}` } as never),
  providerTitle: 'W'.repeat(80),
};
const errors: readonly ReturnError[] = [
  'account_mismatch',
  'client_refused',
  'exchange_failed',
  'expired',
  'invalid_response',
  'provider_unavailable',
  'server_error',
];
const persian: Words = {
  language: 'fa',
  texts: {
    ...english,
    connected: { title: 'حساب {provider} شما متصل شد', text: 'می‌توانید این پنجره را ببندید.' },
    labels: { provider: 'ارائه‌دهنده', connection: 'اتصال', reason: 'دلیل' },
  },
};

/** Every page that a person can meet, as the functions answer it. */
const pages: Readonly<Record<string, APIGatewayProxyStructuredResultV2>> = {
  connected: callbackAnswer({ status: 'connected', ...origin }, visit),
  denied: callbackAnswer({ status: 'denied', error: 'access_denied', ...origin }, visit),
  ...Object.fromEntries(
    errors.map((error) => [error, callbackAnswer({ status: 'failed', error, ...origin }, visit)]),
  ),
  'already-used': callbackAnswer({ status: 'not_pending' }, visit),
  unreadable: callbackAnswer({ status: 'malformed' }, visit),
  'link-expired': authorizationAnswer({ outcome: 'no_session' }, visit),
  unavailable: strayPage(words, { name: 'unavailable', statusCode: 503, tone: 'bad' }),
  longest: callbackAnswer({ status: 'failed', error: 'provider_unavailable', ...longest }, visit),
  'right-to-left': callbackAnswer({ status: 'connected', ...origin }, { ...visit, words: persian }),
};

let browser: Browser;
let server: RunningServer;
let visitor: Visitor;

beforeAll(async () => {
  browser = await startBrowser();
  server = await startHttpServer(
    ({ url = '' }) => {
      const { statusCode = 500, headers = {}, body = '' } = pages[url.slice(1)] ?? {};
      return { status: statusCode, headers: headers as Record<string, string>, body };
    },
    { port: 0, maxBodyBytes: 0 },
  );
  visitor = await aVisitor(browser);
});
afterAll(async () => {
  await server.close();
  await browser.close();
});

it.each(Object.keys(pages))('the page %s shuts nobody out, and fits', async (name) => {
  const { page } = visitor;

  const response = await page.goto(`${server.url}/${name}`);

  expect(response?.status()).toBe(pages[name]?.statusCode);
  await expectSound(page, `page-${name}`);
  expectNoComplaints(visitor);
});

it('a page is as wide as a telephone, not a picture of a wide one', async () => {
  const { page, context } = await aVisitor(browser, { phone: true });
  await page.goto(`${server.url}/longest`);

  expect(await page.evaluate('visualViewport.scale')).toBe(1);
  await expectNoSidewaysScroll(page);
  await context.close();
});

it('a page is read out as a heading, a sentence, and facts with their names', async () => {
  const { page, context } = await aVisitor(browser, { script: false });
  await page.goto(`${server.url}/provider_unavailable`);

  expect(await page.locator('body').ariaSnapshot()).toBe(
    [
      '- main:',
      '  - heading "The connection was not made" [level=1]',
      '  - paragraph: HURMA does not answer right now. Please try again in a few minutes.',
      '  - term: Provider',
      '  - definition: HURMA',
      '  - term: Connection',
      '  - definition: acme/ann',
      '  - term: Reason',
      '  - definition: provider_unavailable',
    ].join('\n'),
  );
  await context.close();
});

it('a page of another writing direction follows it, and leaves names as they are', async () => {
  const { page, context } = await aVisitor(browser);
  await page.goto(`${server.url}/right-to-left`);

  const direction = (selector: string) =>
    page.evaluate(`getComputedStyle(document.querySelector('${selector}')).direction`);
  expect(await page.locator('html').getAttribute('lang')).toBe('fa');
  expect(await direction('h1')).toBe('rtl');
  expect(await direction('bdi')).toBe('ltr');
  await context.close();
});
