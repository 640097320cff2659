import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { atOnce } from '../../../src/lib/time/slices.js';
import { ProcFiles } from '../../../src/sources/procfs/table-files.js';
import { NewPids } from '../../../src/sources/procfs/table-pids.js';
import { FakeProc } from './fake-proc.js';

let proc: FakeProc;
let at_ms: number;
beforeEach(() => {
  proc = new FakeProc();
  at_ms = 0;
});
afterEach(() => proc.remove());

/** A counter that goes on between any two readings. */
class Rising extends ProcFiles {
  counter = 100;
  override again(fd: number): number {
    proc.counter(this.counter++);
    return super.again(fd);
  }
}
const next = (pids: NewPids) => {
  at_ms += 1000;
  return atOnce(pids.next(at_ms, new Map()));
};

it('knows that a process was given its pid while /proc was listed', () => {
  const files = new Rising(10);
  const pids = new NewPids(proc.root, files);
  proc.counter(1);
  for (let i = 0; i < 3; i++) next(pids);
  at_ms += 60_000;
  const before = files.counter;
  proc.put({ pid: before + 1 });
  expect(next(pids)).toEqual({ pids: [before + 1], all: true });
  expect(pids.wasGiven(before + 1)).toBe(true);
  pids.close();
});

it('asks for nobody while the counter stands', () => {
  proc.put({ pid: 20 });
  proc.counter(20);
  const pids = new NewPids(proc.root, new ProcFiles(10));
  for (let i = 0; i < 3; i++) next(pids);
  expect(next(pids)).toEqual({ pids: [], all: false });
  pids.close();
  expect(next(pids)).toEqual({ pids: [20], all: true });
  pids.close();
});

it.each(['', 'x', '0.00 0.00 0.00 1/100 \n', '0.00 0.00 0.00 1/100 -3\n', '0.00 1/100 12x\n'])(
  'lists each time when the counter is %j',
  text => {
    writeFileSync(`${proc.root}/loadavg`, text);
    const pids = new NewPids(proc.root, new ProcFiles(10));
    for (let i = 0; i < 4; i++) expect(next(pids).all).toBe(true);
    expect(pids.wasGiven(1)).toBeNull();
    pids.close();
  },
);
