import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    globalSetup: ['test/browser/global-setup.ts'],
    // All share one local stack, whose simulators some of them put into trouble.
    fileParallelism: false,
    // A shared machine stands still for seconds now and then: what fails twice there is broken.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 400_000,
    hookTimeout: 400_000,
  },
});
