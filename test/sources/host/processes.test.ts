import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentType } from '../../../src/agents/agent-type.js';
import { newSession, type Session } from '../../../src/agents/tracker/session.js';
import { Lineage } from '../../../src/lib/process/lineage.js';
import { ProcessCollector } from '../../../src/sources/host/processes.js';
import { readFacts } from '../../../src/sources/procfs/read.js';
import { ProcessTable } from '../../../src/sources/procfs/table.js';
import { FakeProc } from '../procfs/fake-proc.js';

const KIND = { name: 'claude-code' } as AgentType;
const ENDED = { code: null, signal: 9, sender: null };

function session(pid: number, over: Partial<Session> = {}): Session {
  const process = {
    pid,
    ppid: 1,
    uid: 1000,
    comm: 'claude',
    exe: null,
    argv: ['claude'],
    is_copy: false,
    cwd: '/home/ann/shop',
    tty: 'pts/3',
    stdin_tty: true,
    stdout_tty: true,
    start_ticks: pid,
    started_ms: 5,
  };
  const made = newSession(KIND, process, 'terminal', { source: 'procfs', text: 'found', time_ms: 10 });
  made.members.set(pid, {
    pid,
    role: 'main',
    start_ticks: null,
    command: 'claude',
    since_ms: 0,
    background: false,
  });
  return Object.assign(made, over);
}

describe('in a made-up tree', () => {
  let proc: FakeProc;
  let collector: ProcessCollector;
  beforeEach(() => {
    proc = new FakeProc();
    collector = new ProcessCollector(new ProcessTable({ root: proc.root }), new Lineage());
  });
  afterEach(() => {
    collector.stop();
    proc.remove();
  });

  it('each process says its session, and the session what it uses', () => {
    const claude = session(10);
    proc.put({ pid: 10, ticks: 0, rss_pages: 100, fds: 2 });
    proc.put({ pid: 11, ppid: 10, ticks: 0, rss_pages: 50, fds: 3 });
    proc.put({ pid: 12, ppid: 1 });
    collector.collect(0, [claude]);
    proc.put({ pid: 10, ticks: 50, rss_pages: 100, fds: 2 });
    proc.put({ pid: 11, ppid: 10, ticks: 25, rss_pages: 50, fds: 3 });
    const { processes, sessions } = collector.collect(1000, [claude]);
    const ref = { pid: 10, start_ticks: 10, agent: 'claude-code', cwd: '/home/ann/shop', alive: true };
    expect(processes.map(row => [row.pid, row.session])).toEqual([
      [10, ref],
      [11, ref],
      [12, null],
    ]);
    expect(sessions).toEqual([
      {
        ...ref,
        uid: 1000,
        tty: 'pts/3',
        state: 'UNKNOWN',
        reason: null,
        since_ms: 10,
        started_ms: 5,
        ended_ms: null,
        pids: [10, 11],
        cpu_percent: 75,
        rss_bytes: 150 * 4096,
        fds: 5,
        read_bytes: 8192,
        write_bytes: 16384,
        sockets: null,
      },
    ]);
  });

  it('a dead session stays while something of it runs', () => {
    const claude = session(10);
    proc.put({ pid: 10 });
    proc.put({ pid: 11, ppid: 10 });
    collector.collect(0, [claude]);
    proc.end(10);
    proc.put({ pid: 11, ppid: 1 });
    Object.assign(claude, { ending: ENDED, state: 'EXITED', since_ms: 900 });
    expect(collector.collect(1000, [claude]).sessions).toMatchObject([
      { pid: 10, alive: false, ended_ms: 900, pids: [11] },
    ]);
    expect(collector.collect(2000, []).sessions).toMatchObject([{ pid: 10, alive: false, pids: [11] }]);
    proc.end(11);
    expect(collector.collect(3000, []).sessions).toEqual([]);
  });

  it('a session of which nothing can be seen is there, with nothing', () => {
    expect(collector.collect(0, [session(10)]).sessions).toMatchObject([
      { pid: 10, pids: [], cpu_percent: 0, rss_bytes: 0, fds: null },
    ]);
  });

  it('what the kernel told is known before it is listed', () => {
    const claude = session(10);
    proc.put({ pid: 10 });
    collector.collect(0, [claude]);
    collector.hear({ type: 'fork', time_ms: 1, ppid: 10, pid: 11 }, claude);
    collector.hear({ type: 'fork', time_ms: 2, ppid: 11, pid: 12 }, undefined);
    collector.hear({ type: 'exit', time_ms: 3, pid: 11, code: 0, signal: null, sender: null }, undefined);
    proc.put({ pid: 12, ppid: 1 });
    expect(collector.collect(1000, [claude]).sessions).toMatchObject([{ pids: [10, 12] }]);
  });
});

describe('real processes', () => {
  const children: ChildProcess[] = [];
  const strays: number[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const pid of strays.splice(0)) process.kill(pid, 'SIGKILL');
  });

  // It starts a child in a session of its own, and a grandchild by a double fork, and says their pids.
  const AGENT = `
import os, time
def stay():
    os.setsid()
    time.sleep(60)
a = os.fork()
if a == 0: stay()
r, w = os.pipe()
b = os.fork()
if b == 0:
    c = os.fork()
    if c == 0: stay()
    os.write(w, str(c).encode())
    os._exit(0)
os.waitpid(b, 0)
print(a, os.read(r, 20).decode(), flush=True)
time.sleep(60)
`;

  it('are told by lineage after setsid, double fork and the death of the agent', async () => {
    const child = spawn('python3', ['-c', AGENT], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const main = child.pid!;
    const facts = readFacts('/proc', main)!;
    const claude = session(main, { start_ticks: facts.start_ticks });
    const collector = new ProcessCollector(new ProcessTable(), new Lineage());
    try {
      const line = await new Promise<string>(resolve =>
        createInterface({ input: child.stdout! }).once('line', resolve),
      );
      const [detached, orphan] = line.split(' ').map(Number) as [number, number];
      strays.push(detached, orphan);
      // The double fork happened between two samples: only the kernel's word connects the two.
      collector.hear({ type: 'fork', time_ms: 1, ppid: main, pid: orphan }, claude);
      const before = collector.collect(1000, [claude]);
      expect(before.sessions[0]?.pids).toEqual(expect.arrayContaining([main, detached, orphan]));
      const gone = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      Object.assign(claude, { ending: ENDED, state: 'EXITED' });
      await vi.waitFor(() => {
        const { sessions, processes } = collector.collect(2000, [claude]);
        expect(sessions[0]?.pids.toSorted()).toEqual([detached, orphan].toSorted());
        expect(sessions[0]).toMatchObject({ alive: false, pid: main, fds: expect.any(Number) });
        const left = processes.filter(row => row.session?.pid === main);
        expect(left.every(row => row.ppid !== main)).toBe(true);
      });
    } finally {
      collector.stop();
    }
  });
});
