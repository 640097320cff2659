import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'bench/**/*.test.ts'],
    // How long a test takes says how busy the machine is; what hangs is found all the same.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real agents, compositors and kernels have bad moments on a busy machine. Who needed it is told at the end of
    // .ci/run (scripts/summary.mjs): a test that is there often is wrong, or the program is.
    retry: 1,
  },
});
