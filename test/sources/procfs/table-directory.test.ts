import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { atOnce } from '../../../src/lib/time/slices.js';
import { ProcDirectory } from '../../../src/sources/procfs/table-directory.js';
import { ProcFiles } from '../../../src/sources/procfs/table-files.js';
import { FakeProc } from './fake-proc.js';

const children: ChildProcess[] = [];
let directory: ProcDirectory;
beforeEach(() => {
  directory = new ProcDirectory('/proc', new ProcFiles(0));
});
afterEach(() => {
  directory.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Enough that no listing fits into one reading. */
async function crowd(): Promise<number[]> {
  for (let i = 0; i < 100; i++) children.push(spawn('sleep', ['60'], { stdio: 'ignore' }));
  await Promise.all(children.map(child => once(child, 'spawn')));
  return children.map(child => child.pid!).sort((a, b) => a - b);
}

it('lists the processes of a range as the whole listing has them', async () => {
  const pids = await crowd();
  expect(atOnce(directory.list())).toEqual(expect.arrayContaining([process.pid, ...pids]));
  const [first, last] = [pids[20]!, pids[90]!];
  const between = directory.listBetween(first, last)!;
  expect(between.filter(pid => pids.includes(pid))).toEqual(pids.slice(20, 91));
  expect(between[0]).toBe(first);
  expect(between.at(-1)).toBe(last);
  expect(directory.listBetween(process.pid, process.pid)).toEqual([process.pid]);
});

it('has no threads and nothing that ended', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(directory.listBetween(child.pid!, child.pid!)).toEqual([]);
  // Node has threads: some of the pids behind its own.
  const threads = readdirSync('/proc/self/task').map(Number);
  expect(threads.length).toBeGreaterThan(1);
  const found = directory.listBetween(process.pid, Math.max(...threads))!;
  expect(found.filter(pid => threads.includes(pid))).toEqual([process.pid]);
});

it('works again after it was closed', () => {
  expect(directory.listBetween(process.pid, process.pid)).toEqual([process.pid]);
  directory.close();
  expect(directory.listBetween(process.pid, process.pid)).toEqual([process.pid]);
});

it('lists only from the beginning what is not the kernel’s', () => {
  const proc = new FakeProc();
  try {
    const fake = new ProcDirectory(proc.root, new ProcFiles(0));
    for (const pids of [[10], [10, 20, 30]]) {
      for (const pid of pids) proc.put({ pid });
      expect(fake.listBetween(1, 99)).toBeNull();
      expect(atOnce(fake.list())?.sort()).toEqual(pids);
      fake.close();
    }
    const absent = new ProcDirectory(`${proc.root}/none`, new ProcFiles(0));
    expect(absent.listBetween(10, 30)).toBeNull();
    expect(() => atOnce(absent.list())).toThrow('ENOENT');
  } finally {
    proc.remove();
  }
});
