import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findFreePortBase } from '../../local/ports.ts';
import type { StackUrls } from '../../local/stack-parts.ts';
import { startStack } from '../../local/start.ts';
import { findChromium } from './find-chromium.ts';
import { screenshotFolder } from './screenshot-folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The local stack that all browser tests share. */
    readonly stack: StackUrls;
    /** The browser's program. */
    readonly chromium: string;
  }
}

/** Finds a browser, or ends the run with a sentence that says how to get one; starts the stack. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  project.provide('chromium', chromiumOrExit());
  rmSync(screenshotFolder, { recursive: true, force: true });
  const stateDir = mkdtempSync(join(tmpdir(), 'evergrant-browser-'));
  const stack = await startStack({ portBase: await findFreePortBase(), stateDir, quiet: true });
  project.provide('stack', stack.urls);
  return async () => {
    await stack.close();
    rmSync(stateDir, { recursive: true, force: true });
  };
}

function chromiumOrExit(): string {
  try {
    return findChromium({ platform: process.platform, environment: process.env, isProgram });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
