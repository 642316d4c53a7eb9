import type { Page } from 'playwright-core';
import { inject } from 'vitest';
import { createBrokerApi } from '../../local/playground/broker-api.ts';

/** Chooses an account on a provider's page, allows or denies, and is where that leads. */
export async function decide(
  page: Page,
  decision: 'Allow' | 'Deny',
  account = 'Ann Fisher',
): Promise<void> {
  const asked = page.url();
  await page.getByRole('radio', { name: account }).check();
  await page.getByRole('button', { name: decision }).click();
  await page.waitForURL(({ href }) => href !== asked);
}

/** An application begins a connect session, and gets the link for the person. */
export async function aConnectLink(input: {
  readonly client: string;
  readonly connection: string;
}): Promise<string> {
  const broker = createBrokerApi(inject('stack'));
  const { body } = await broker.beginConnection(input);
  broker.close();
  return String(body.authorize_url);
}
