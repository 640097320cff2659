import { closeSync, openSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { FULL, GONE, keptFilesLimit, ProcFiles } from '../../../src/sources/procfs/table-files.js';

const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
});

it('steps back once when descriptors run out, until that many are released', () => {
  const files = new ProcFiles(1000);
  const fds = Array.from({ length: 100 }, () => openSync('/proc/self/stat', 'r'));
  open.push(...fds.slice(64));
  for (const fd of fds) expect(files.keep(fd)).toBe(true);
  const full = Object.assign(new Error('too many open files'), { code: 'EMFILE' });
  expect(files.ranOut(full)).toBe(true);
  expect(files.ranOut(full)).toBe(true);
  for (const fd of fds.slice(0, 64)) {
    expect(files.crowded).toBe(true);
    files.release(fd);
  }
  expect(files.crowded).toBe(false);
  // No more are kept than that from then on.
  expect(files.keep(openSync('/proc/self/stat', 'r'))).toBe(false);
});

it('tells what is gone from what cannot be known', () => {
  const files = new ProcFiles(10);
  expect(files.read('/proc/4194305/stat')).toBe(GONE);
  expect(files.ranOut(Object.assign(new Error(), { code: 'ENOENT' }))).toBe(false);
  expect(files.text('/proc/self/comm')).toMatch(/^\S+\n$/);
  expect(FULL).not.toBe(GONE);
});

it('leaves descriptors to everything else', () => {
  expect(keptFilesLimit()).toBeGreaterThanOrEqual(0);
  expect(keptFilesLimit()).toBeLessThanOrEqual(32_768);
});
