import { configDefaults, defineConfig } from 'vitest/config';

/** What asks whether vigil keeps up, or what it says of a machine, on which nothing else should happen then. */
const ALONE = [
  'test/flood/*.test.ts',
  'test/daemon/guard{,-silence,-memory,-oom,-fork-bomb}.test.ts',
  'test/sources/kernel/{starved,exhausted}.test.ts',
];

/**
 * What computes and touches nothing that outlives it: it shares its modules with the files before it, which saves loading
 * them anew, most of a second of CPU a file. Whoever replaces modules, the zone or the environment stays out of it.
 */
const PURE = ['test/{rules,agents,config,diagnosis,model}/**/*.test.ts', 'bench/**/*.test.ts'];
const NOT_PURE = ['test/rules/statistics/baseline.test.ts'];
/** Those that start real daemons, kernel programs and desktops wait for them most of the time. */
const WORKERS = 3;

export default defineConfig({
  test: {
    // How long a test takes says how busy the machine is; what hangs is found all the same.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Real agents, compositors and kernels have bad moments on a busy machine. Who needed it is told at the end of
    // .ci/run (scripts/summary.mjs): a test that is there often is wrong, or the program is.
    retry: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: [
            'test/!(rules|agents|config|diagnosis|model)/**/*.test.ts',
            'test/*.test.ts',
            ...NOT_PURE,
          ],
          exclude: [...configDefaults.exclude, ...ALONE],
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'pure',
          include: PURE,
          exclude: [...configDefaults.exclude, ...NOT_PURE],
          isolate: false,
          maxWorkers: WORKERS,
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
