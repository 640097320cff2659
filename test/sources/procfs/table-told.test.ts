import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ProcessTable } from '../../../src/sources/procfs/table.js';
import { FakeProc } from './fake-proc.js';

const opened = vi.hoisted(() => ({ paths: [] as string[] }));
vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>();
  const openSync: typeof fs.openSync = (path, ...rest) => {
    opened.paths.push(String(path));
    return fs.openSync(path, ...rest);
  };
  return { ...fs, openSync };
});

/** What a build of somebody else costs: thousands of processes that came and went between two samples. */

let proc: FakeProc;
let table: ProcessTable;
beforeEach(() => {
  proc = new FakeProc();
  table = new ProcessTable({ root: proc.root });
  proc.put({ pid: 7 });
  proc.counter(20);
  for (let i = 0; i < 3; i++) table.sample(i);
  opened.paths.length = 0;
});
afterEach(() => {
  table.stop();
  proc.remove();
});

function cameAndWent(count: number): void {
  for (let pid = 100; pid < 100 + count; pid++) {
    table.forked(pid);
    table.execed(pid);
    table.exited(pid);
  }
}

it('what ended before it could be seen is not looked for', () => {
  cameAndWent(4_000);
  expect(table.sample(10_000)).toMatchObject([{ pid: 7 }]);
  expect(opened.paths).toEqual([]);
});

it('and takes no place from what lives', () => {
  cameAndWent(10_000);
  proc.put({ pid: 15 });
  table.forked(15);
  expect(table.sample(10_000).map(({ pid }) => pid)).toEqual([7, 15]);
});

it('a pid that was given anew since is looked for', () => {
  proc.put({ pid: 15 });
  table.forked(15);
  table.exited(15);
  table.forked(15);
  expect(table.sample(10_000).map(({ pid }) => pid)).toEqual([7, 15]);
});

it('what ended and waits for its parent is shown, as its pid is listed', () => {
  proc.put({ pid: 21, state: 'Z' });
  table.forked(21);
  table.exited(21);
  proc.counter(21);
  expect(table.sample(10_000)).toMatchObject([{ pid: 7 }, { pid: 21, state: 'Z' }]);
});
