import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listPids, readStat } from '../../../src/sources/procfs/read.js';
import { ProcessTable, type TableRow } from '../../../src/sources/procfs/table.js';

const children: ChildProcess[] = [];
let table: ProcessTable;
let now_ms = 0;
beforeEach(() => {
  table = new ProcessTable();
});
afterEach(() => {
  table.stop();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const sample = (close: number[] = []) => {
  now_ms += 1000;
  return table.sample(now_ms, close);
};

/** Answers once the program has printed a line: the line. */
async function python(code: string): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn('python3', ['-c', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const line = await new Promise<string>(resolve =>
    createInterface({ input: child.stdout! }).once('line', resolve),
  );
  return { child, line };
}
const named = (comm: string) =>
  python(
    `import ctypes,sys,time\nctypes.CDLL(None).prctl(15, ${JSON.stringify(comm)}.encode(), 0, 0, 0)\nprint(1, flush=True)\ntime.sleep(60)`,
  );
const row = (pid: number | undefined): TableRow | undefined => sample().find(found => found.pid === pid);

describe('the real /proc', () => {
  it.each(['two words', ') R 1 (', 'a\nb', '(x)'])('a process named %j', async comm => {
    const { child } = await named(comm);
    const stat = readStat('/proc', child.pid!)!;
    await vi.waitFor(() => expect(row(child.pid)?.state).toBe('S'));
    expect(row(child.pid)).toMatchObject({
      comm,
      ppid: process.pid,
      uid: process.getuid!(),
      start_ticks: stat.start_ticks,
      threads: 1,
      state: 'S',
    });
    expect(row(child.pid)?.cmdline).toContain('python3 -c import ctypes');
  });

  it('has every process that is not the kernel’s own', async () => {
    await named('one of them');
    const rows = sample();
    const all = new Map(rows.map(one => [one.pid, one]));
    for (const pid of listPids('/proc')) {
      const stat = readStat('/proc', pid);
      if (stat === null) continue;
      const isKernel = pid === 2 || stat.ppid === 2;
      if (isKernel) expect(all.has(pid), `${pid} ${stat.comm}`).toBe(false);
      // Others come and go meanwhile; those that are there in the next sample too must have been in this.
      else if (stat.start_ticks === table.get(pid)?.start_ticks) expect(all.has(pid)).toBe(true);
    }
    expect(rows.length).toBeGreaterThan(2);
  });

  it('tells stopped, zombie and gone', async () => {
    const { child } = await named('stopme');
    await vi.waitFor(() => expect(row(child.pid)?.state).toBe('S'));
    child.kill('SIGSTOP');
    await vi.waitFor(() => expect(row(child.pid)?.state).toBe('T'));
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(row(child.pid)).toBeUndefined());
    const maker = await python(
      'import os,time\npid=os.fork()\nif not pid: os._exit(0)\nos.waitid(os.P_PID,pid,os.WEXITED|os.WNOWAIT)\nprint(pid, flush=True)\ntime.sleep(60)',
    );
    expect(row(Number(maker.line))).toMatchObject({ state: 'Z', ppid: maker.child.pid, rss_bytes: 0 });
  });

  it('finds new processes by the counter, threads left out', async () => {
    for (let i = 0; i < 3; i++) sample();
    const { child } = await python(
      'import threading,time\nfor _ in range(5): threading.Thread(target=time.sleep,args=(60,),daemon=True).start()\nprint(1, flush=True)\ntime.sleep(60)',
    );
    const rows = sample();
    expect(rows.find(found => found.pid === child.pid)).toMatchObject({ threads: 6 });
    const tids = readdirSync(`/proc/${child.pid}/task`).map(Number);
    expect(rows.map(found => found.pid).filter(pid => tids.includes(pid))).toEqual([child.pid]);
  });

  it('follows an exec that keeps pid and name', async () => {
    const { child } = await python(
      'import os,sys\nprint(1, flush=True)\nsys.stdin.readline()\nos.execvp("python3", ["python3", "-c", "import time; time.sleep(60)"])',
    );
    expect(row(child.pid)?.cmdline).toContain('readline');
    child.stdin!.write('\n');
    await vi.waitFor(
      () => expect(row(child.pid)?.cmdline).toContain('python3 -c import time; time.sleep(60)'),
      5000,
    );
  });

  it('knows the costly fields of a process that is asked for', async () => {
    const { child } = await python(
      'import os,time\nx=bytearray(os.urandom(30_000_000))\nf=[os.open("/dev/null",0) for _ in range(40)]\nprint(1, flush=True)\ntime.sleep(60)',
    );
    const found = sample([child.pid!]).find(one => one.pid === child.pid)!;
    expect(found.fds).toBeGreaterThanOrEqual(43);
    expect(found.fds).toBeLessThan(50);
    expect(found.anon_bytes).toBeGreaterThan(30_000_000);
    expect(found.anon_bytes).toBeLessThanOrEqual(found.rss_bytes);
    expect(found.swap_bytes).toBeGreaterThanOrEqual(0);
    expect(found).toMatchObject({ oom_score_adj: expect.any(Number), cgroup: expect.stringMatching(/^\//) });
  });

  it('leaves no file open', () => {
    const before = readdirSync('/proc/self/fd').length;
    sample();
    expect(readdirSync('/proc/self/fd').length).toBeGreaterThan(before);
    table.stop();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
