import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { OpenFileLimits, openFilesLimit } from '../../../src/daemon/host/open-file-limits.js';
import { LimitsCollector } from '../../../src/sources/host/limits.js';
import { ask } from './tree.js';

const ROOTS = { proc: '/proc', sys: '/sys' };
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

async function python(code: string): Promise<number> {
  const child = spawn('python3', ['-c', `${code}\nprint("x", flush=True)\nimport time; time.sleep(900)`]);
  children.push(child);
  await new Promise(resolve => child.stdout!.once('data', resolve));
  return child.pid!;
}

it('finds who holds terminals and watches files, a few processes at a time', async () => {
  const terminals = await python('import pty\nheld = [pty.openpty() for _ in range(20)]');
  const watching = await python(
    'import ctypes\nc = ctypes.CDLL(None)\nf = [c.inotify_init() for _ in range(3)]\n[c.inotify_add_watch(f[0], p, 2) for p in (b"/", b"/tmp", b"/usr")]',
  );
  const collector = new LimitsCollector();
  const pids = new Set<number>();
  let limits = ask(collector, ROOTS, 0).limits!;
  for (let round = 1; round < 2_000 && pids.size < 2; round++) {
    limits = ask(collector, ROOTS, round * 5_000).limits!;
    for (const { pid } of limits.holders) if (pid === terminals || pid === watching) pids.add(pid);
  }
  const of = (pid: number) => limits.holders.find(holder => holder.pid === pid);
  expect(of(terminals)).toMatchObject({ uid: process.getuid!(), ptys: 20 });
  expect(of(watching)).toMatchObject({ inotify_instances: 3, inotify_watches: 3 });
  expect(limits.ptys).toBeGreaterThanOrEqual(20);
  expect(limits.ptys_max).toBe(Number(readFileSync('/proc/sys/kernel/pty/max', 'utf8')));
});

it('knows the limit of who has many files open', () => {
  expect(
    openFilesLimit('Max open files            1024                 524288               files     \n'),
  ).toBe(1024);
  expect(openFilesLimit('Max open files            unlimited  unlimited files\n')).toBeNull();
  const row = { pid: process.pid, start_ticks: 1, fds: 300 } as never;
  const few = { pid: process.pid, start_ticks: 2, fds: 3 } as never;
  const [many, other] = new OpenFileLimits('/proc').mark([row, few], 0);
  expect(many!.fds_limit).toBeGreaterThan(0);
  expect(other).toBe(few);
});
