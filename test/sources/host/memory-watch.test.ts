import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MemoryWatch } from '../../../src/sources/host/memory-watch.js';

/** What it says, second by second, while a machine with 20 GB loses so many MB each. */
function says(fallsMb: readonly number[]): (string | null)[] {
  const root = mkdtempSync(join(tmpdir(), 'vigil-meminfo-'));
  const watch = new MemoryWatch(root);
  let left_kb = 20 * 1024 * 1024;
  try {
    return [0, ...fallsMb].map((fall_mb, second) => {
      left_kb -= fall_mb * 1024;
      writeFileSync(
        join(root, 'meminfo'),
        `MemTotal: 25165824 kB\nMemFree: ${left_kb} kB\nMemAvailable: ${left_kb} kB\n`,
      );
      return watch.look(second * 1000);
    });
  } finally {
    watch.stop();
    rmSync(root, { recursive: true });
  }
}

it('what would use up the machine is told in the first second', () => {
  expect(says([1000])).toEqual([null, 'soon']);
});

it('what would use up a limit of some gigabytes as fast is told as soon', () => {
  expect(says([170])).toEqual([null, 'soon']);
});

it('what goes more slowly has to go on', () => {
  expect(says([30, 30, 30])).toEqual([null, null, null, 'brisk']);
  expect(says([100, 0, 0])).toEqual([null, null, null, 'brisk']);
  expect(says([20, 20, 20])).toEqual([null, null, null, null]);
});
