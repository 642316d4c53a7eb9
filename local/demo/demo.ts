/**
 * `npm run demo`: every documented grant of all four providers, over real HTTP, without a browser.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePortBase } from '../ports.ts';
import { startStack } from '../start.ts';
import { formatResults } from './steps.ts';
import { walkAll, walks } from './walk-all.ts';

const leastTokenSeconds = 10;

/** @returns whether every step of every walk went well. */
async function main(): Promise<boolean> {
  const stateDir = mkdtempSync(join(tmpdir(), 'evergrant-demo-'));
  const beganMs = performance.now();
  try {
    console.log('Starting the local stack …');
    const stack = await startStack({ portBase: await findFreePortBase(), stateDir, quiet: true });
    // Where everything takes long, tokens have to live long to be used.
    const startSeconds = (performance.now() - beganMs) / 1000;
    const accessTokenSeconds = Math.max(leastTokenSeconds, Math.ceil(startSeconds / 3));
    try {
      console.log(`Walking ${walks.length} grants; each waits for a token to end …\n`);
      const results = await walkAll(stack, { accessTokenSeconds });
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
