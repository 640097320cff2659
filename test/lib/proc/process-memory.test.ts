import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessMemory } from '../../../src/lib/proc/process-memory.js';
import { inSlices } from '../../../src/lib/time/slices.js';

/** Its thread is a file of its own: only the built one runs. */
const built = (await import(resolve('dist/lib/proc/process-memory.js'))) as {
  ProcessMemory: typeof ProcessMemory;
};

/** Whoever reads a FIFO that nobody writes hangs, as at a process that locks its memory. */
describe('the memory of processes that let nobody read it', () => {
  let root: string;
  let memory: ProcessMemory;
  const owners = new Map<number, number>();
  const hanging = new Set<number>();
  let next = 100;

  const add = (uid: number, hangs: boolean): number => {
    const pid = next++;
    owners.set(pid, uid);
    mkdirSync(join(root, String(pid)));
    const file = join(root, String(pid), 'cmdline');
    if (hangs) {
      execFileSync('mkfifo', [file]);
      hanging.add(pid);
    } else writeFileSync(file, `program\0of ${uid}\0`);
    return pid;
  };
  const text = (pid: number): string => String(memory.read(pid, 'cmdline'));
  /** Lets one go that hangs; false: nobody reads it. */
  const release = (pid: number): boolean => {
    try {
      closeSync(openSync(join(root, String(pid), 'cmdline'), constants.O_WRONLY | constants.O_NONBLOCK));
      return true;
    } catch {
      return false;
    }
  };
  /** Asks for each of them until it is told as hung, or nobody is asked for it any more. */
  const attack = async (pids: number[]) => {
    for (let i = 0; i < 8; i++) {
      for (const pid of pids) memory.read(pid, 'cmdline');
      await sleep(400);
    }
  };
  /** A thread that is new needs a moment on a busy machine. */
  const isRead = async (pid: number) => {
    for (let i = 0; i < 100 && text(pid) === 'unknown'; i++) await sleep(100);
    expect(text(pid)).toBe(`program\0of ${owners.get(pid)}\0`);
  };
  /** Asked in turns, again while one that does not hang had no thread or its thread no turn. */
  const readInTurns = async (pids: number[], wanted = pids) => {
    for (let i = 0; ; i++) {
      const found = (await inSlices(memory.readInTurns(pids, 'cmdline'))).map(String);
      if (i === 100 || !wanted.some(pid => found[pids.indexOf(pid)] === 'unknown')) return found;
      await sleep(100);
    }
  };

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'vigil-memory-'));
    memory = new built.ProcessMemory(root, pid => owners.get(pid) ?? null);
    await memory.guard();
  });
  afterEach(async () => {
    for (let i = 0; i < 50 && memory.hung().length > 0; i++) {
      for (const pid of hanging) release(pid);
      await sleep(20);
    }
    await memory.stop();
    hanging.clear();
    rmSync(root, { recursive: true });
  });

  it('costs one user two threads, in whatever order they hang and come back', async () => {
    const other = [add(2_000, true), add(2_000, true)];
    const own = [add(1_000, true), add(1_000, true), add(1_000, true)];
    await attack(other);
    await attack([own[0]!]);
    for (const pid of [...other, own[0]!]) release(pid);
    // All that are free again are asked within one moment.
    for (const pid of own) memory.read(pid, 'cmdline');
    await attack(own);
    expect(memory.hung().filter(pid => own.includes(pid)).length).toBeLessThanOrEqual(2);
  });

  it('keeps the event loop no longer for many that hang than for one', async () => {
    const [one, ...many] = [1_000, 1_001, 1_002, 1_003].map(uid => add(uid, true));
    const timeOf = (pids: number[]) => {
      const begin_ms = performance.now();
      for (const pid of pids) memory.read(pid, 'cmdline');
      return performance.now() - begin_ms;
    };
    const alone_ms = timeOf([one!]);
    await sleep(1_500); // it is known to hang: others may be tried
    const threads = memory.hung().length;
    expect(timeOf(many)).toBeLessThan(1.8 * alone_ms);
    // To make a thread holds the loop as well: one a turn.
    await sleep(1_500);
    expect(memory.hung().length).toBeLessThanOrEqual(threads + 1);
  });

  it('is read in turns while everything else goes on', async () => {
    const hanging = add(1_000, true);
    const well = [add(1_000, false), add(1_001, false)];
    let turns = 0;
    const count = setInterval(() => turns++, 1);
    const found = await readInTurns([well[0]!, hanging, well[1]!], [well[0]!]);
    const other = await readInTurns([well[1]!]);
    clearInterval(count);
    expect(turns).toBeGreaterThan(10);
    expect([found[0], found[1]]).toEqual(['program\0of 1000\0', 'unknown']);
    expect(other).toEqual(['program\0of 1001\0']);
  });

  it('is waited for, though nothing else keeps the process alive', () => {
    const program = `
      import { ProcessMemory } from '${resolve('dist/lib/proc/process-memory.js')}';
      import { inSlices } from '${resolve('dist/lib/time/slices.js')}';
      const memory = new ProcessMemory('/proc');
      await memory.guard();
      for (let i = 0; i < 10; i++) await inSlices(memory.readInTurns([process.pid], 'cmdline'));
      console.log('told');`;
    const args = ['--input-type=module', '-e', program];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('told\n');
  });

  it('gives no question the answers of another', async () => {
    const pids = Array.from({ length: 70 }, (_, i) => add(2_000 + i, false));
    const expected = pids.map(pid => `program\0of ${owners.get(pid)}\0`);
    const inTurns = Array.from({ length: 4 }, () => inSlices(memory.readInTurns(pids, 'cmdline')));
    const atOnce = memory.readAll(pids.slice(0, 5), 'cmdline').map(String);
    for (const found of await Promise.all(inTurns))
      for (const [i, one] of found.map(String).entries()) expect([expected[i], 'unknown']).toContain(one);
    for (const [i, one] of atOnce.entries()) expect([expected[i], 'unknown']).toContain(one);
    // Nobody keeps a thread.
    expect(await readInTurns(pids)).toEqual(expected);
  });

  it('leaves all other users theirs, and root always', async () => {
    const users = [1_001, 1_002, 1_003];
    await attack(users.flatMap(uid => Array.from({ length: 4 }, () => add(uid, true))));
    await isRead(add(1_004, false));
    await isRead(add(0, false));
    const more = Array.from({ length: 12 }, (_, i) => 2_000 + i);
    await attack(more.flatMap(uid => [add(uid, true), add(uid, true)]));
    await isRead(add(0, false));
    expect(memory.hung().length).toBeLessThanOrEqual(10);
  });
});
