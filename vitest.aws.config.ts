import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As in vitest.config.ts: functions are tested with the access policy of the stage `local`.
  ssr: { resolve: { conditions: ['local', 'node'] } },
  test: {
    globalSetup: ['test/engines/global-setup.ts'],
    include: [
      'test/engines/**/*.aws.ts',
      // What else runs on engines in place of the stand-ins: whatever uses adapters of AWS.
      'test/contract/**/*.test.ts',
      'test/unit/aws/**/*.test.ts',
      'test/functions/**/*.test.ts',
      'test/local/resources.test.ts',
      'test/simulation/model-reality.test.ts',
    ],
    // They end a stand-in to see what follows.
    exclude: ['test/functions/store-down.test.ts', 'test/functions/secrets-down.test.ts'],
    // A worker and its engines keep two cores busy; tokens of the demonstration would end too soon.
    maxWorkers: 1,
    // A shared machine stands still for seconds now and then: what fails twice there is broken.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
