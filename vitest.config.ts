import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      '{kernel,config,bench,tests,tests/guest}/src/**/*.test.ts',
      'core/*/src/**/*.test.ts',
      'plugins/*/src/**/*.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
