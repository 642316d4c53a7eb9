import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    globalSetup: ['test/browser/global-setup.ts'],
    // All share one local stack, whose simulators some of them put into trouble.
    fileParallelism: false,
    testTimeout: 400_000,
    hookTimeout: 400_000,
  },
});
