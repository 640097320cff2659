import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PAGE_SIZE_BYTES } from '../../../src/lib/os/boot.js';
import { ProcessTable } from '../../../src/sources/procfs/table.js';
import { parseCgroup, parseCmdline } from '../../../src/sources/procfs/table-details.js';
import { largest } from '../../../src/sources/procfs/table-largest.js';
import { FakeProc, type FakeProcess } from './fake-proc.js';

let proc: FakeProc;
let table: ProcessTable;
beforeEach(() => {
  proc = new FakeProc();
  table = new ProcessTable({ root: proc.root });
});
afterEach(() => {
  table.stop();
  proc.remove();
});
const pids = (now_ms: number) => table.sample(now_ms).map(row => row.pid);

describe('rows', () => {
  it('say what /proc says', () => {
    proc.put({
      pid: 20,
      comm: 'node',
      ppid: 7,
      threads: 11,
      rss_pages: 100,
      argv: ['node', 'a b.js'],
      fds: 3,
    });
    expect(table.sample(0)).toMatchObject([
      {
        pid: 20,
        ppid: 7,
        pgid: 20,
        sid: 20,
        comm: 'node',
        cmdline: 'node a b.js',
        uid: 1000,
        state: 'S',
        threads: 11,
        start_ticks: 20,
        rss_bytes: 409600,
        vsize_bytes: 5000000,
        cpu_percent: null,
        cgroup: '/user.slice/a.scope',
        fds: 3,
        read_bytes: 4096,
        write_bytes: 8192,
        oom_score_adj: -900,
        session: null,
      },
    ]);
  });

  it.each(['a b', ') R 1 (', 'a\nb', '((sd-pam))', '', 'ü(', ')'])('keep the name %j', comm => {
    proc.put({ pid: 20, comm, state: 'T', argv: [] });
    expect(table.sample(0)).toMatchObject([{ comm, state: 'T', ppid: 1, cmdline: `[${comm}]` }]);
  });

  it('leave out kernel threads and threads', () => {
    proc.put({ pid: 2, comm: 'kthreadd', flags: 0x208040 });
    proc.put({ pid: 30, comm: 'a thread', exit_signal: -1 });
    proc.put({ pid: 31 });
    expect(pids(0)).toEqual([31]);
    expect(pids(1000)).toEqual([31]);
  });

  it('are the same object while nothing changes, and never change', () => {
    proc.put({ pid: 20 });
    table.sample(0);
    const [second] = table.sample(1000);
    expect(table.sample(2000)[0]).toBe(second);
    proc.put({ pid: 20, rss_pages: 11 });
    expect(table.sample(3000)[0]?.rss_bytes).toBe(11 * 4096);
    expect(second?.rss_bytes).toBe(10 * 4096);
  });

  it('notice another state, parent and number of threads', () => {
    proc.put({ pid: 20 });
    table.sample(0);
    proc.put({ pid: 20, state: 'D', ppid: 9, threads: 4 });
    expect(table.sample(1000)).toMatchObject([{ state: 'D', ppid: 9, threads: 4 }]);
  });
});

describe('CPU', () => {
  it('is between two samples, by the time that passed', () => {
    proc.put({ pid: 20, ticks: 500 });
    expect(table.sample(0)[0]?.cpu_percent).toBeNull();
    proc.put({ pid: 20, ticks: 600 });
    expect(table.sample(2000)[0]?.cpu_percent).toBe(50);
    expect(table.sample(3000)[0]?.cpu_percent).toBe(0);
  });

  it('of a pid that was given anew starts from nothing', () => {
    proc.put({ pid: 20, ticks: 500, comm: 'old', argv: ['old'] });
    table.sample(0);
    proc.put({ pid: 20, ticks: 900, comm: 'new', argv: ['new'], start: 77 });
    expect(table.sample(1000)).toMatchObject([
      { comm: 'new', cmdline: 'new', start_ticks: 77, cpu_percent: null },
    ]);
  });

  it('of two samples at nearly the same time is that of the longer stretch', () => {
    proc.put({ pid: 20, ticks: 0 });
    table.sample(0);
    proc.put({ pid: 20, ticks: 50 });
    table.sample(1000);
    proc.put({ pid: 20, ticks: 51 });
    expect(table.sample(1010)[0]?.cpu_percent).toBe(50);
    expect(table.sample(2000)[0]?.cpu_percent).toBe(1);
  });
});

describe('what rarely changes', () => {
  it.each([
    ['its name changes', { comm: 'y' }],
    ['its stack is another', { stack: 140731 }],
    ['it execs for the first time', { flags: 4194304 | 0x40 }],
  ])('is read again when %s', (_, change) => {
    proc.put({ pid: 20, stack: 140730, uid: 0 });
    table.sample(0);
    proc.put({ pid: 20, stack: 140730, ...change, uid: 1001, argv: ['other'] });
    expect(table.sample(1000)).toMatchObject([{ cmdline: 'other', uid: 1001 }]);
  });

  it('is read again after an exec that was told of, and only then', () => {
    proc.put({ pid: 20, argv: ['one'] });
    table.sample(0);
    proc.put({ pid: 20, argv: ['two'] });
    expect(table.sample(10)[0]?.cmdline).toBe('one');
    table.execed(20);
    expect(table.sample(20)[0]?.cmdline).toBe('two');
  });

  it('outlives the process in the zombie, of which nothing can be read', () => {
    proc.put({ pid: 20, comm: 'sh', argv: ['sh', '-c', 'x'], fds: 2 });
    table.sample(0);
    proc.put({ pid: 20, comm: 'sh', argv: [], state: 'Z', rss_pages: 0, flags: 12 });
    expect(table.sample(1000)).toMatchObject([{ state: 'Z', cmdline: 'sh -c x', rss_bytes: 0, fds: null }]);
  });
});

describe('costly fields', () => {
  it('are read of those with the most memory, and of those asked for', () => {
    for (let pid = 100; pid < 150; pid++) proc.put({ pid, rss_pages: pid, anon_kb: 4 });
    table.sample(0);
    expect(table.get(149)).toMatchObject({ anon_bytes: 4096, swap_bytes: 8192, fds: 0 });
    expect(table.get(101)).toMatchObject({ anon_bytes: null, fds: null, read_bytes: null });
    table.sample(100, [101]);
    expect(table.get(101)).toMatchObject({ anon_bytes: 4096, fds: 0, read_bytes: 4096 });
  });

  it('are read within a minute of everybody who used CPU meanwhile, of all others in ten', () => {
    for (let pid = 100; pid < 150; pid++) proc.put({ pid, rss_pages: pid });
    table.sample(0);
    for (let pid = 100; pid < 110; pid++) proc.put({ pid, rss_pages: pid, ticks: 1 });
    const unread = () => [...Array(50)].map((_, i) => 100 + i).filter(pid => table.get(pid)?.fds === null);
    for (let second = 1; second <= 61; second++) table.sample(second * 1000);
    expect(unread()).toEqual([110, 111, 112, 113, 114, 115, 116, 117, 118, 119]);
    for (let second = 62; second <= 670; second += 10) table.sample(second * 1000);
    expect(unread()).toEqual([]);
  });
});

describe('coming and going', () => {
  it('is seen in a tree without a counter of pids', () => {
    proc.put({ pid: 20 });
    expect(pids(0)).toEqual([20]);
    proc.put({ pid: 21 });
    expect(pids(1000)).toEqual([20, 21]);
    proc.end(20);
    expect(pids(2000)).toEqual([21]);
  });

  it('is seen by the counter alone, without listing', () => {
    proc.put({ pid: 20 });
    proc.counter(20);
    for (let i = 0; i < 3; i++) pids(i);
    proc.put({ pid: 15 });
    proc.put({ pid: 25 });
    proc.counter(30);
    expect(pids(10)).toEqual([20, 25]);
    // What only a listing shows is seen with the next one.
    expect(pids(60_001).sort()).toEqual([15, 20, 25]);
  });

  it('is seen a sample later when the counter was ahead of the process', () => {
    proc.counter(20);
    for (let i = 0; i < 3; i++) pids(i);
    proc.counter(25);
    expect(pids(10)).toEqual([]);
    proc.put({ pid: 25 });
    expect(pids(20)).toEqual([25]);
  });

  it('is seen when the counter starts over', () => {
    proc.counter(32_000);
    for (let i = 0; i < 3; i++) pids(i);
    proc.counter(300);
    proc.put({ pid: 299 });
    expect(pids(10)).toEqual([299]);
  });

  it('lists each time once the counter has missed one', () => {
    proc.counter(20);
    for (let i = 0; i < 3; i++) pids(i);
    proc.put({ pid: 15 });
    expect(pids(60_001)).toEqual([15]);
    proc.put({ pid: 14 });
    expect(pids(60_002).sort()).toEqual([14, 15]);
  });

  it('is seen at once where the kernel told of the fork', () => {
    proc.counter(20);
    for (let i = 0; i < 3; i++) pids(i);
    proc.put({ pid: 15 });
    table.forked(15);
    table.forked(16);
    expect(pids(10)).toEqual([15]);
  });

  it('shows a pid that a kernel thread had before', () => {
    proc.put({ pid: 20, flags: 0x208040 });
    proc.counter(19);
    for (let i = 0; i < 3; i++) expect(pids(i)).toEqual([]);
    proc.put({ pid: 20, start: 99 });
    expect(pids(3)).toEqual([]);
    proc.counter(20);
    expect(pids(4)).toEqual([20]);
  });
});

describe('a process at rest', () => {
  const rest = () => {
    proc.put({ pid: 20 });
    proc.counter(20);
    for (let second = 0; second < 20; second++) table.sample(second * 1000);
  };
  const later = (seconds: number, close: number[] = []) => {
    for (let second = 20; second < 19 + seconds; second++) table.sample(second * 1000, close);
    return table.sample((19 + seconds) * 1000, close);
  };

  it.each([
    ['hangs', { state: 'D' }],
    ['is stopped', { state: 'T' }],
    ['is a zombie', { state: 'Z' }],
    ['has grown', { rss_pages: 99 }],
  ])('is seen within 4 s when it %s', (_, change: Partial<FakeProcess>) => {
    rest();
    proc.put({ pid: 20, ...change });
    expect(later(4)).toMatchObject([change.rss_pages ? { rss_bytes: change.rss_pages * 4096 } : change]);
  });

  it('that starts to work has the CPU of the whole time since it was last read', () => {
    rest();
    proc.put({ pid: 20, ticks: 200 });
    expect(later(4)).toMatchObject([{ cpu_percent: 50 }]);
    proc.put({ pid: 20, ticks: 300 });
    expect(table.sample(24_000)).toMatchObject([{ cpu_percent: 100 }]);
  });

  it('is read at once when it is asked for', () => {
    rest();
    proc.put({ pid: 20, state: 'D' });
    expect(table.sample(19_001)).toMatchObject([{ state: 'S' }]);
    expect(table.sample(19_002, [20])).toMatchObject([{ state: 'D' }]);
  });

  it('is gone at once when its exit was told', () => {
    rest();
    proc.put({ pid: 20, start: 88 });
    expect(table.sample(19_001)).toMatchObject([{ start_ticks: 20 }]);
    table.exited(20);
    expect(table.sample(19_002)).toMatchObject([{ start_ticks: 88 }]);
  });

  it('gives way at once to who gets its pid', () => {
    rest();
    proc.counter(19);
    table.sample(19_000);
    table.sample(19_001);
    proc.put({ pid: 20, start: 88 });
    proc.counter(20);
    expect(table.sample(19_002)).toMatchObject([{ start_ticks: 88 }]);
  });
});

describe('with few descriptors', () => {
  it('rows are the same', () => {
    for (let pid = 100; pid < 120; pid++) proc.put({ pid, ticks: 0 });
    const poor = new ProcessTable({ root: proc.root, max_kept: 5 });
    try {
      poor.sample(0);
      for (let pid = 100; pid < 120; pid++) proc.put({ pid, ticks: 100 });
      expect(poor.sample(1000).map(row => row.cpu_percent)).toEqual(Array(20).fill(100));
      proc.end(119);
      expect(poor.sample(2000)).toHaveLength(19);
    } finally {
      poor.stop();
    }
  });
});

describe('a sample of very many processes', () => {
  it('lets everything else have its turn', async () => {
    for (let pid = 100; pid < 500; pid++) proc.put({ pid });
    // Each step takes long.
    let at_ms = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      at_ms += 10;
      return at_ms;
    });
    let turns = 0;
    let over = false;
    const turn = () => {
      turns++;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    const rows = await table.sampleAside(0);
    over = true;
    vi.restoreAllMocks();
    expect(rows).toHaveLength(400);
    expect(turns).toBeGreaterThan(8);
  });

  it('tells anonymous memory also behind a list of groups that is longer than what is read', () => {
    proc.put({ pid: 20, anon_kb: 100 });
    const status = join(proc.root, '20', 'status');
    const groups = Array.from({ length: 65_536 }, (_, i) => 100_000 + i).join(' ');
    writeFileSync(status, `Name:\tx\nUid:\t1000\t0\t0\t0\nGroups:\t${groups} \nRssAnon:\t100 kB\n`);
    writeFileSync(join(proc.root, '20', 'statm'), '900 500 300 1 0 200 0\n');
    table.sample(0, [20]);
    expect(table.get(20)).toMatchObject({ uid: 1000, anon_bytes: 200 * PAGE_SIZE_BYTES });
  });

  it('has no cgroup whose path is cut in two', () => {
    proc.put({ pid: 20 });
    const long = Array.from({ length: 4 }, (_, i) => `${9 - i}:c${i}:/${'x'.repeat(4000)}\n`).join('');
    writeFileSync(join(proc.root, '20', 'cgroup'), `${long}1:name=systemd:/user.slice/${'y'.repeat(4000)}\n`);
    expect(table.sample(0)[0]!.cgroup).toBe(`/${'x'.repeat(4000)}`);
  });
});

describe('parsing', () => {
  it.each([
    ['0::/system.slice/ssh.service\n', '/system.slice/ssh.service'],
    ['0::/\n', '/'],
    ['12:pids:/a\n1:name=systemd:/user.slice/b.scope\n0::/\n', '/user.slice/b.scope'],
    ['1:name=systemd:/a\n0::/b:c\n', '/b:c'],
    ['4:memory:/docker/x\n', '/docker/x'],
    ['', null],
  ])('cgroup %j is %j', (text, path) => expect(parseCgroup(text)).toBe(path));

  it('cuts a command line', () => {
    const bytes = Buffer.from(`node\0${'x'.repeat(5000)}\0\0\0`);
    expect(parseCmdline(bytes, bytes.length)).toBe(`node ${'x'.repeat(4091)}`);
    expect(parseCmdline(bytes, 0)).toBe('');
  });

  it('finds the largest', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 })), fc.integer({ min: 1, max: 9 }), (values, count) => {
        const expected = values
          .filter(value => value > 0)
          .sort((a, b) => b - a)
          .slice(0, count);
        expect(largest(values, count, value => value)).toEqual(expected);
      }),
    );
  });
});
