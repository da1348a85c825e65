import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One more than cores, where the default is one less: many tests wait for processes, and not for the processor.
    maxWorkers: availableParallelism() + 1,
    // Git refuses nothing of the developer's own configuration into a test: a global hook or template would.
    env: { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', TZ: 'UTC' },
  },
});
