import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The functions are tested with the access policy of the stage `local`.
  ssr: { resolve: { conditions: ['local', 'node'] } },
  test: {
    include: ['test/**/*.test.ts'],
    // Many files wait for servers to start: two at once make use of two cores.
    maxWorkers: 2,
    // A shared machine stands still for seconds now and then: what fails twice there is broken.
    retry: process.env.CI ? 1 : 0,
    // Only to end what hangs: a machine may be slow.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
