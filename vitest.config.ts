import { configDefaults, defineConfig } from 'vitest/config';

/** What asks whether vigil keeps up, or what it says of a machine, on which nothing else should happen then. */
const ALONE = [
  'test/flood/*.test.ts',
  'test/daemon/guard*.test.ts',
  'test/sources/kernel/{starved,exhausted}.test.ts',
];

export default defineConfig({
  test: {
    // How long a test takes says how busy the machine is; what hangs is found all the same.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real agents, compositors and kernels have bad moments on a busy machine. Who needed it is told at the end of
    // .ci/run (scripts/summary.mjs): a test that is there often is wrong, or the program is.
    retry: 1,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...ALONE],
          // Those that start real daemons, kernel programs and desktops wait for them most of the time.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
