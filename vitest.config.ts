import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The functions are tested with the access policy of the stage `local`.
  ssr: { resolve: { conditions: ['local', 'node'] } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
