import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startPlayground } from '../../local/playground/server.ts';
import { aFakeStack, type FakeStack, vended } from '../local/playground/a-fake-stack.ts';
import { aVisitor, expectNoComplaints, startBrowser, type Visitor } from './a-browser.ts';
import { expectSound } from './soundness.ts';

const now = Math.floor(Date.now() / 1000);
const aRow = (connection: string, members: object) => ({
  client: 'hurma-acme',
  connection,
  provider: 'hurma',
  scope: '',
  connected_at: now - 86_400,
  expiry_source: 'expires_in',
  last_refreshed_at: now - 600,
  failures: 0,
  ...members,
});
const connections = [
  aRow('ann', {
    state: 'active',
    access_token_expires_at: now + 3000,
    next_refresh_at: now + 2400,
  }),
  aRow('ben', {
    state: 'failing',
    access_token_expires_at: now + 30,
    next_refresh_at: now + 45,
    failures: 3,
  }),
  aRow('carl', { state: 'needs_reauth', reason: 'answer_lost', access_token_expires_at: now - 60 }),
  aRow(`_${'m'.repeat(127)}`, { state: 'active' }),
];

const anEvent = (type: string, connection: string, sequence: number) => ({
  id: `${connection}-${sequence}`,
  source: 'evergrant-local',
  'detail-type': type,
  detail: {
    ...{ schema_version: 1, id: `${sequence}`.repeat(32), sequence, occurred_at: now - 60 },
    ...{ client: 'hurma-acme', connection, reason: 'answer_lost' },
  },
});
const events = [
  anEvent('connection.reauthorization_required', 'carl', 3),
  anEvent('connection.refresh_failing', 'ben', 2),
  anEvent('connection.connected', `_${'m'.repeat(127)}`, 1),
];

let browser: Browser;
let fake: FakeStack;
let visitor: Visitor;
let url: string;
let close: () => Promise<void>;

beforeAll(async () => {
  browser = await startBrowser();
  fake = await aFakeStack();
  const server = await startPlayground({ port: 0, stack: fake.stack });
  ({ url, close } = server);
  visitor = await aVisitor(browser);
});
afterAll(async () => {
  await close();
  await fake.close();
  await browser.close();
});

describe('the playground shuts nobody out, and fits', () => {
  it('when nothing is connected', async () => {
    await visitor.page.goto(url);

    await expectSound(visitor.page, 'playground-empty');
    expectNoComplaints(visitor);
  });

  it('with connections in every state, and with what was done to them', async () => {
    const { page } = visitor;
    fake.answer({
      'GET /connections': { status: 200, body: { connections } },
      'GET /events': { status: 200, body: { events } },
      'POST /2015-03-31/functions/evergrant-local-vend/invocations': { status: 200, body: vended },
      'DELETE /connections/hurma-acme/carl': {
        status: 503,
        body: { error: 'temporarily_unavailable', error_description: 'ask again', status: 503 },
      },
    });
    await page.goto(url);
    await page.getByText('Without a browser').click();
    await page.getByRole('button', { name: 'Vend: hurma-acme/ann' }).click();
    await page.getByRole('button', { name: 'Reveal the token' }).click();
    await page.getByRole('button', { name: 'Disconnect: hurma-acme/carl' }).click();
    await page.getByText('503 temporarily_unavailable').waitFor();
    await page.locator('summary', { hasText: 'connection.connected' }).click();
    await page.getByText('Sequence 1').waitFor();

    await expectSound(page, 'playground-full');
    expectNoComplaints(visitor);
  });

  it.each(['status=connected', 'status=failed&error=account_mismatch'])(
    'after a return with %s',
    async (query) => {
      await visitor.page.goto(`${url}/?${query}`);

      await expectSound(visitor.page, `playground-${query.replaceAll(/\W+/g, '-')}`);
      expectNoComplaints(visitor);
    },
  );

  it('when the stack does not answer', async () => {
    fake.answer({ 'GET /connections': { status: 503, body: { message: 'Service Unavailable' } } });
    await visitor.page.goto(url);

    await visitor.page.getByText('cannot be listed (503)').waitFor();
    await expectSound(visitor.page, 'playground-unreachable');
    expectNoComplaints(visitor);
  });
});

/** Presses Tab until the control of this name has the focus, and sees that it shows. */
async function tabTo(page: Page, name: RegExp | string): Promise<void> {
  const wanted = page.getByRole('button', { name }).or(page.getByRole('link', { name }));
  for (let press = 0; press < 60; press += 1) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    const [style] = await focused.evaluateAll((found) =>
      found.map((each) => [each.matches(':focus-visible'), each.getBoundingClientRect().height]),
    );
    expect(style?.[0]).toBe(true);
    expect(style?.[1]).toBeGreaterThan(0);
    if ((await wanted.and(focused).count()) > 0) return;
  }
  throw new Error(`no press of Tab leads to ${name}`);
}

it('a person without a mouse connects, uses and ends a connection', async () => {
  const keyboard = await aVisitor(browser);
  const { page } = keyboard;
  await page.goto(inject('stack').playground);

  await tabTo(page, 'Skip to the connections');
  await page.keyboard.press('Enter');
  expect(await page.locator(':focus').getAttribute('id')).toBe('connections');
  await page.keyboard.press('Shift+Tab');
  await page.goto(inject('stack').playground);
  await tabTo(page, 'Connect in the browser');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('by-keyboard');
  await page.keyboard.press('Enter');

  await page.getByText('Choose an account').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  expect(await page.getByRole('radio', { name: 'Ben Okafor' }).isChecked()).toBe(true);
  await tabTo(page, 'Allow');
  await page.keyboard.press('Enter');

  await page.getByRole('status').getByText('Connected.').waitFor();
  await tabTo(page, 'To the connections');
  await page.keyboard.press('Enter');
  await tabTo(page, 'Vend: hurma-acme/by-keyboard');
  await page.keyboard.press('Enter');
  await page.getByText('Vended a token for hurma-acme/by-keyboard').waitFor();
  // The button that was pressed keeps the focus, although the table may have been made anew.
  await expect
    .poll(() => page.locator(':focus').getAttribute('aria-label'))
    .toBe('Vend: hurma-acme/by-keyboard');
  await tabTo(page, 'Disconnect: hurma-acme/by-keyboard');
  await page.keyboard.press('Enter');
  await page.getByText('Disconnected hurma-acme/by-keyboard').waitFor();
  // With its row gone, the focus stays near, and does not fall back to the top of the page.
  await expect.poll(() => page.locator(':focus').getAttribute('id')).toBe('connections');
  expectNoComplaints(keyboard);
  await keyboard.context.close();
});
