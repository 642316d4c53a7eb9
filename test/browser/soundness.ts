import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { screenshotFolder } from './screenshot-folder.ts';

/** WCAG 2.2, levels A and AA, and what its authors advise beside it. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** 320 px is what is left of a wide window at 400 % (WCAG 2.2, 1.4.10). */
const sizes = { phone: { width: 320, height: 640 }, desktop: { width: 1280, height: 800 } };

/**
 * Fails when a page shuts somebody out or does not fit, on a small and a large screen, in the light
 * and in the dark. Keeps a picture of each, as an artefact of the run.
 */
export async function expectSound(page: Page, name: string): Promise<void> {
  await page.evaluate(axe.source);
  for (const [device, size] of Object.entries(sizes)) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await expectAccessible(page, `${name}, ${device}, ${colorScheme}`);
      const path = join(screenshotFolder, `${name}-${device}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
    }
    await expectNoSidewaysScroll(page);
  }
}

/** Fails when a page shuts somebody out, as far as a program can tell. */
async function expectAccessible(page: Page, what: string): Promise<void> {
  const results = (await page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(rules)} })`,
  )) as AxeResults;

  expect(results.passes.length).toBeGreaterThan(10);
  const found = [...results.violations, ...results.incomplete].flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${what}: ${id}: ${target}: ${failureSummary}`),
  );
  expect(found).toEqual([]);
}

/** Fails when a page has to be pushed sideways to be read (WCAG 2.2, 1.4.10). */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as readonly [number, number];

  expect(content).toBeLessThanOrEqual(window);
}
