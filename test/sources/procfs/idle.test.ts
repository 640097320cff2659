import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Scanner } from '../../../src/sources/procfs/scan.js';

/** A /proc of its own: on the machine's real one others start processes all the time. */
const PROCESSES = 400;
const OLD_TICKS = 100_000;
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vigil-idle-'));
  for (let pid = 1; pid <= PROCESSES; pid++) add(pid, 100);
  writeFileSync(join(root, 'loadavg'), `0.00 0.00 0.00 1/${PROCESSES} ${PROCESSES}\n`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function add(pid: number, start_ticks: number): void {
  const folder = join(root, String(pid));
  mkdirSync(folder);
  const zeros = (count: number) => Array(count).fill(0).join(' ');
  writeFileSync(
    join(folder, 'stat'),
    `${pid} (sleep) S 1 ${pid} ${pid} 0 -1 4194304 ${zeros(12)} ${start_ticks} ${zeros(30)}\n`,
  );
  writeFileSync(join(folder, 'cmdline'), 'sleep\x00600\x00');
}

/** Calls of read(2) by this process: proc_pid_io(5). */
const reads = () => Number(/^syscr: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))![1]);

it('a machine on which nothing happens is not read anew at each look', () => {
  const glimpsed: number[] = [];
  const scanner = new Scanner(root, ({ pid }) => {
    glimpsed.push(pid);
    return false;
  });
  const costOf = () => {
    const before = reads();
    scanner.scan(OLD_TICKS);
    return reads() - before;
  };
  const first = costOf();
  expect(glimpsed).toHaveLength(PROCESSES);
  expect(first).toBeGreaterThan(2 * PROCESSES);
  costOf(); // the counter of pids is known from here on
  costOf();
  expect(costOf()).toBeLessThan(first / 20);
  // Who comes is seen, and nobody else is read for it.
  add(PROCESSES + 1, OLD_TICKS - 10);
  writeFileSync(join(root, 'loadavg'), `0.00 0.00 0.00 1/${PROCESSES} ${PROCESSES + 1}\n`);
  expect(costOf()).toBeLessThan(first / 20);
  expect(glimpsed.at(-1)).toBe(PROCESSES + 1);
});
