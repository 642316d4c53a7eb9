import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { aVisitor, expectNoComplaints, startBrowser } from './a-browser.ts';
import { decide } from './consent.ts';
import { expectSound } from './soundness.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

const cardOf = (page: Page, client: string) =>
  page.getByRole('article').filter({ has: page.getByText(client, { exact: true }) });
const rowOf = (page: Page, name: string) =>
  page.locator('tbody').filter({ has: page.getByText(name, { exact: true }) });
const press = (page: Page, action: string, name: string) =>
  page.getByRole('button', { name: `${action}: ${name}`, exact: true }).click();
const latest = (page: Page): Locator => page.locator('#activity article').first();

/** Uses a connection in every way that the page offers, and ends it. */
async function useAndEnd(page: Page, name: string): Promise<void> {
  await rowOf(page, name).getByText('Active').waitFor();

  await press(page, 'Vend', name);
  await latest(page).getByText(`Vended a token for ${name}`).waitFor();
  const masked = (await latest(page).locator('pre').textContent()) ?? '';
  await latest(page).getByRole('button', { name: 'Reveal the token' }).click();
  const token = (await latest(page).locator('.token').textContent()) ?? '';
  expect(masked).toContain('••••');
  expect(token.length).toBeGreaterThan(8);
  expect(masked).not.toContain(token);

  await press(page, 'Vend over HTTP', name);
  await page.locator('#activity article').nth(1).getByText('Vended').first().waitFor();
  await press(page, 'Call the API', name);
  await latest(page).getByText('The API answered 200').waitFor();

  await press(page, 'Disconnect', name);
  await latest(page).getByText(`Disconnected ${name}`).waitFor();
  await rowOf(page, name).waitFor({ state: 'detached' });
}

describe('the playground connects', () => {
  it.each([
    ['hurma', 'hurma-acme'],
    ['hurdlr', 'hurdlr-acme'],
    ['hypersku', 'hypersku-acme'],
  ])('%s by the provider’s own page', async (vendor, client) => {
    const visitor = await aVisitor(browser);
    const { page } = visitor;
    await page.goto(inject('stack').playground);

    const card = cardOf(page, client);
    await card.getByLabel('Connection').first().fill('in-browser');
    await card.getByRole('button', { name: 'Connect in the browser' }).click();
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    await expectSound(page, `consent-${vendor}`);
    await decide(page, 'Allow', 'Ben Okafor');

    await page.getByRole('status').getByText('Connected.').waitFor();
    expect(page.url()).toBe(`${inject('stack').playground}/`);
    await useAndEnd(page, `${client}/in-browser`);
    expectNoComplaints(visitor);
    await visitor.context.close();
  });

  it.each(['humanity-acme', 'hurma-acme-password'])(
    '%s by user name and password',
    async (client) => {
      const visitor = await aVisitor(browser);
      const { page } = visitor;
      await page.goto(inject('stack').playground);

      const card = cardOf(page, client);
      await card.getByLabel('Connection').fill('by-password');
      await card.getByRole('button', { name: 'Connect' }).click();

      await latest(page).getByText(`Connected ${client}/by-password`).waitFor();
      await useAndEnd(page, `${client}/by-password`);
      expectNoComplaints(visitor);
      await visitor.context.close();
    },
  );

  it('hurdlr by a user id', async () => {
    const visitor = await aVisitor(browser, { phone: true });
    const { page } = visitor;
    await page.goto(inject('stack').playground);

    const card = cardOf(page, 'hurdlr-acme');
    await card.getByText('Without a browser').click();
    await card.getByRole('button', { name: 'Connect by user id' }).click();

    await latest(page).getByText('Connected hurdlr-acme/ann-by-id').waitFor();
    await useAndEnd(page, 'hurdlr-acme/ann-by-id');
    expectNoComplaints(visitor);
    await visitor.context.close();
  });
});

it('a token that is expired on the page is refreshed, and the old one is of no more use', async () => {
  const visitor = await aVisitor(browser);
  const { page } = visitor;
  await page.goto(inject('stack').playground);
  await cardOf(page, 'humanity-acme').getByLabel('Connection').fill('expiring');
  await cardOf(page, 'humanity-acme').getByRole('button', { name: 'Connect' }).click();
  await latest(page).getByText('Connected humanity-acme/expiring').waitFor();

  await press(page, 'Expire', 'humanity-acme/expiring');
  await latest(page).getByText('Expired the token of humanity-acme/expiring').waitFor();
  await press(page, 'Refresh', 'humanity-acme/expiring');
  await latest(page).getByText('Asked for a fresh token of humanity-acme/expiring').waitFor();

  const row = rowOf(page, 'humanity-acme/expiring');
  await row.getByText('Active').waitFor();
  await row.locator('[data-label="Token ends"] time', { hasText: /^in / }).waitFor();
  expectNoComplaints(visitor);
  await visitor.context.close();
});

it('a person who denies is told so, and nothing is connected', async () => {
  const visitor = await aVisitor(browser, { phone: true });
  const { page } = visitor;
  await page.goto(inject('stack').playground);
  const card = cardOf(page, 'hurma-acme');
  await card.getByLabel('Connection').fill('denied');
  await card.getByRole('button', { name: 'Connect in the browser' }).click();

  await decide(page, 'Deny');

  await page.getByRole('status').getByText('Nothing was connected').waitFor();
  expect(await rowOf(page, 'hurma-acme/denied').count()).toBe(0);
  expectNoComplaints(visitor);
  await visitor.context.close();
});
