import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // How long a test takes says how busy the machine is; what hangs is found all the same.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
