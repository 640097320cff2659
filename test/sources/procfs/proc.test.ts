import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ticksToEpochMs } from '../../../src/lib/os/boot.js';
import { parsePasswd } from '../../../src/lib/os/users.js';
import { atOnce } from '../../../src/lib/time/slices.js';
import { isBlockedOnTerminal } from '../../../src/sources/procfs/blocked.js';
import { readFacts, readStat } from '../../../src/sources/procfs/read.js';
import { Scanner } from '../../../src/sources/procfs/scan.js';
import { UsageMeter } from '../../../src/sources/procfs/usage.js';

const children: ChildProcess[] = [];
const folders: string[] = [];
const start = (command: string, args: string[]) => {
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  return child.pid as number;
};
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const STAT = (comm: string, ppid = 1, tty = 34819, start_ticks = 884213) =>
  `4021 (${comm}) S ${ppid} 4021 4021 ${tty} -1 4194624 1230 0 0 0 12 7 0 0 20 0 3 0 ${start_ticks} 5000000 1500 18446744073709551615`;

describe('what /proc says of a process', () => {
  it('agrees with what was started', () => {
    const before_ms = Date.now();
    const pid = start('sleep', ['60']);
    const facts = readFacts('/proc', pid);
    expect(facts).toMatchObject({
      pid,
      ppid: process.pid,
      uid: process.getuid?.(),
      argv: ['sleep', '60'],
      cwd: process.cwd(),
      stdin_tty: false,
    });
    expect(Math.abs((facts?.started_ms ?? 0) - before_ms)).toBeLessThan(1500);
    expect(ticksToEpochMs(facts?.start_ticks ?? 0)).toBe(facts?.started_ms);
  });

  it('is nothing when the process is gone', () => {
    expect(readFacts('/proc', 4_194_305)).toBeNull();
    expect(readStat('/proc', 4_194_305)).toBeNull();
  });

  it('tells a program that is blocked in read() on its terminal from one that sleeps', async () => {
    // script(1) gives each a terminal of its own; the program is its child.
    const shell = (code: string) => start('script', ['-qefc', `exec python3 -c '${code}'`, '/dev/null']);
    const child = async (parent: number) => {
      const scanner = new Scanner('/proc', glimpse => glimpse.ppid === parent);
      return vi.waitFor(() => {
        scanner.reset();
        const found = scanner
          .scan(0)
          .find(facts => facts.ppid === parent && facts.argv[0]?.includes('python'));
        expect(found).toBeDefined();
        return found?.pid as number;
      }, 20_000);
    };
    const reader = await child(shell('input()'));
    const sleeper = await child(shell('import time; time.sleep(60)'));
    await vi.waitFor(() => expect(isBlockedOnTerminal('/proc', reader)).toBe(true), 20_000);
    expect(isBlockedOnTerminal('/proc', sleeper)).toBe(false);
  }, 90_000);
});

describe('scanning', () => {
  const root = () => {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-proc-'));
    folders.push(folder);
    return folder;
  };
  const put = (folder: string, pid: number, ppid: number, argv: string[], ticks = pid) => {
    const dir = join(folder, String(pid));
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'stat'), STAT('x', ppid, 0, ticks).replace('4021', String(pid)));
    writeFileSync(join(dir, 'status'), 'Name:\tx\nUid:\t1000\t1000\t1000\t1000\n');
    writeFileSync(join(dir, 'cmdline'), `${argv.join('\0')}\0`);
    rmSync(join(dir, 'exe'), { force: true });
    symlinkSync(`/usr/bin/${argv[0]}`, join(dir, 'exe'));
  };

  it('finds what is wanted and its children, parents first, each once', () => {
    const folder = root();
    put(folder, 30, 20, ['tool']);
    put(folder, 20, 1, ['agent']);
    put(folder, 10, 1, ['other']);
    writeFileSync(join(folder, 'meminfo'), '');
    const scanner = new Scanner(folder, glimpse => glimpse.argv[0] === 'agent');
    expect(scanner.scan(0).map(facts => facts.pid)).toEqual([20, 30]);
    expect(scanner.scan(0)).toEqual([]);
    put(folder, 10, 1, ['agent']);
    expect(scanner.scan(0).map(facts => facts.pid)).toEqual([10]);
    put(folder, 20, 1, ['agent'], 99);
    expect(scanner.scan(0).map(facts => facts.pid)).toEqual([20]);
  });

  it('is done in small steps, whoever they are, and takes nobody for a thread of the kernel for their parent’s pid', () => {
    const folder = root();
    // In a namespace of its own pid 2 is anybody.
    for (let pid = 100; pid < 400; pid++) put(folder, pid, 2, pid === 399 ? ['agent'] : ['other']);
    const scanner = new Scanner(folder, glimpse => glimpse.argv[0] === 'agent');
    const steps = [...scanner.steps(1e9)];
    expect(steps.flatMap(step => (step !== null && 'pid' in step ? [step.pid] : []))).toEqual([399]);
    expect(steps.length).toBeGreaterThan(300 / 50);
  });

  it('measures CPU between two looks and memory at the last', () => {
    const folder = root();
    put(folder, 20, 1, ['agent'], 0);
    const meter = new UsageMeter(folder);
    atOnce(meter.measure([20], 1000, () => 0));
    writeFileSync(
      join(folder, '20', 'stat'),
      STAT('x', 1, 0, 0).replace('4021 (', '20 (').replace(' 12 7 ', ' 52 17 '),
    );
    const usage = atOnce(meter.measure([20, 21], 2000, () => 0));
    expect(usage).toEqual({ cpu_percent: 50, rss_bytes: 1500 * 4096 });
  });
});

describe('users', () => {
  it('are read from the password file', () => {
    const users = parsePasswd('root:x:0:0:root:/root:/bin/bash\nbroken\nu:x:1000:1000::/home/u:/bin/sh\n');
    expect(users.get(1000)).toEqual({ name: 'u', gid: 1000, home: '/home/u' });
    expect(users.size).toBe(2);
  });
});
