import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessMemory } from '../../../src/lib/proc/process-memory.js';

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
