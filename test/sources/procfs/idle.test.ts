import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { nowTicks } from '../../../src/lib/os/boot.js';
import { Scanner } from '../../../src/sources/procfs/scan.js';

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Calls of read(2) by this process: proc_pid_io(5). */
const reads = () => Number(/^syscr: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);

it('a machine on which nothing happens is not read anew at each look', async () => {
  const script =
    'import os, time\nfor _ in range(400):\n if os.fork() == 0: time.sleep(600)\nprint("there", flush=True); time.sleep(600)';
  const child = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  running.push(child);
  await new Promise(resolve => child.stdout!.once('data', resolve));
  try {
    const scanner = new Scanner('/proc', () => false);
    const costOf = () => {
      const before = reads();
      // As it is when they have been there for a while.
      scanner.scan(nowTicks() + 100_000);
      return reads() - before;
    };
    const first = costOf();
    costOf();
    const later = Math.min(...Array.from({ length: 5 }, costOf));
    expect(first).toBeGreaterThan(800);
    expect(later).toBeLessThan(first / 4);
  } finally {
    process.kill(-child.pid!, 'SIGKILL');
  }
});
