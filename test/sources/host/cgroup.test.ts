import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CgroupCollector, type CgroupSample } from '../../../src/sources/host/cgroup/cgroup.js';
import { findHierarchies } from '../../../src/sources/host/cgroup/hierarchies.js';
import { keyed, parseLimit } from '../../../src/sources/host/cgroup/read.js';
import { NotHere } from '../../../src/sources/host/collector.js';
import { parseMountinfo } from '../../../src/sources/host/filesystems/mounts.js';
import { ask, type Tree, tree } from './tree.js';

const base = (roots: Tree) => dirname(roots.sys);

/** A machine that mounts these below its `sys/fs/cgroup`: `['v2', 'cgroup2', '']`. */
function machine(mounts: [string, string, string][], files: Record<string, string>): Tree {
  const roots = tree(
    Object.fromEntries(Object.entries(files).map(([path, text]) => [`sys/fs/cgroup/${path}`, text])),
  );
  const lines = mounts.map(
    ([dir, type, options], i) =>
      `${i} 1 0:${i} / ${base(roots)}/sys/fs/cgroup/${dir} rw - ${type} ${type} rw${options}`,
  );
  roots.write({ 'proc/self/mountinfo': `${lines.join('\n')}\n` });
  return roots;
}

const v2 = (path: string, extra: Record<string, string> = {}) =>
  Object.fromEntries(
    Object.entries({
      'memory.current': '1000000\n',
      'memory.max': 'max\n',
      'memory.swap.current': '4096\n',
      'memory.stat': 'anon 600000\nfile 400000\ninactive_file 250000\nactive_file 150000\n',
      'memory.events': 'low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\noom_group_kill 0\n',
      'cpu.stat': 'usage_usec 5000000\nuser_usec 1\nsystem_usec 1\n',
      'pids.current': '12\n',
      'pids.max': '512\n',
      ...extra,
    }).map(([file, text]) => [`v2${path}/${file}`, text]),
  );

describe('cgroup v2', () => {
  const mounts: [string, string, string][] = [['v2', 'cgroup2', ',nsdelegate']];

  it('tells use, limits and kills of units, and of whatever has a memory limit', () => {
    const roots = machine(mounts, {
      ...v2('/system.slice'),
      ...v2('/system.slice/ssh.service'),
      ...v2('/user.slice/user-1000.slice/agents', { 'memory.max': '4294967296\n', 'pids.max': 'max\n' }),
    });
    const collector = new CgroupCollector();
    expect(ask(collector, roots, 0).cgroups).toEqual([
      {
        path: '/user.slice/user-1000.slice/agents',
        memory_bytes: 750_000,
        memory_limit_bytes: 4_294_967_296,
        swap_bytes: 4_096,
        cpu_percent: null,
        pids: 12,
        pids_limit: null,
        oom_kills: 1,
      },
      expect.objectContaining({
        path: '/system.slice/ssh.service',
        memory_limit_bytes: null,
        pids_limit: 512,
      }),
    ]);
    roots.write({ 'sys/fs/cgroup/v2/system.slice/ssh.service/cpu.stat': 'usage_usec 20000000\n' });
    expect(ask(collector, roots, 30_000).cgroups?.map(({ cpu_percent }) => cpu_percent)).toEqual([0, 50]);
  });

  it('leaves out one that is gone, and finds a new one within two minutes', () => {
    const roots = machine(mounts, { ...v2('/a.service'), ...v2('/b.scope') });
    const collector = new CgroupCollector();
    const paths = (now_ms: number) => ask(collector, roots, now_ms).cgroups!.map(({ path }) => path);
    expect(paths(0).sort()).toEqual(['/a.service', '/b.scope']);
    roots.remove('sys/fs/cgroup/v2/a.service');
    roots.write(
      Object.fromEntries(
        Object.entries(v2('/c.service')).map(([path, text]) => [`sys/fs/cgroup/${path}`, text]),
      ),
    );
    expect(paths(30_000)).toEqual(['/b.scope']);
    expect(paths(120_000).sort()).toEqual(['/b.scope', '/c.service']);
  });

  it('tells of kills in one with a limit at the next round, of the innermost that counted them', () => {
    const limited = { 'memory.max': '5\n' };
    const roots = machine(mounts, {
      ...v2('/a.slice', limited),
      ...v2('/a.slice/b', limited),
      ...v2('/c.service'),
    });
    const count = (path: string, kills: number) =>
      roots.write({ [`sys/fs/cgroup/v2${path}/memory.events`]: `oom 9\noom_kill ${kills}\n` });
    const collector = new CgroupCollector();
    const kills = (now_ms: number) =>
      ask(collector, roots, now_ms).events!.map(
        event => event.type === 'oom_kill' && [event.cgroup, event.source],
      );
    expect(kills(0)).toEqual([]);
    count('/a.slice', 3);
    count('/a.slice/b', 3);
    count('/c.service', 3);
    const kill = ['/a.slice/b', 'cgroup'];
    expect(kills(10_000)).toEqual([kill, kill]);
    expect(kills(20_000)).toEqual([]);
    count('/a.slice', 4);
    expect(kills(30_000)).toEqual([['/a.slice', 'cgroup']]);
    count('/a.slice', 0);
    expect(kills(40_000)).toEqual([]);
    count('/a.slice', 1_000);
    expect(kills(50_000)).toHaveLength(10);
  });

  it('knows nothing of controllers that are not switched on', () => {
    const roots = machine(mounts, {
      'v2/a.service/cpu.stat': 'usage_usec 5\n',
      'v2/a.service/cgroup.procs': '',
    });
    expect(ask(new CgroupCollector(), roots, 0).cgroups).toEqual([
      {
        path: '/a.service',
        memory_bytes: null,
        memory_limit_bytes: null,
        swap_bytes: null,
        cpu_percent: null,
        pids: null,
        pids_limit: null,
        oom_kills: null,
      },
    ]);
  });

  it('shows those with a limit and the largest of very many, found over several rounds', () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 65; i++) {
      files[`v2/system.slice/s${i}.service/memory.current`] = String(i);
    }
    files['v2/z-limited/memory.max'] = '5';
    files['v2/z-limited/memory.current'] = '0';
    const roots = machine(mounts, files);
    const collector = new CgroupCollector(5);
    let now_ms = 0;
    // The search takes longer than the time from one search to the next.
    for (; now_ms < 130_000; now_ms += 10_000) {
      expect(ask(collector, roots, now_ms).cgroups).toEqual([]);
    }
    const cgroups = ask(collector, roots, now_ms).cgroups!;
    expect(cgroups).toHaveLength(48);
    expect(cgroups[0]?.path).toBe('/z-limited');
    expect(cgroups[1]?.path).toBe('/system.slice/s64.service');
  });
});

describe('cgroup v1 and hybrid', () => {
  const files = {
    'memory/lxc/box.scope/memory.usage_in_bytes': '3000000\n',
    'memory/lxc/box.scope/memory.limit_in_bytes': '9223372036854771712\n',
    'memory/lxc/box.scope/memory.memsw.usage_in_bytes': '3500000\n',
    'memory/lxc/box.scope/memory.stat': 'inactive_file 7\ntotal_inactive_file 1000000\n',
    'memory/lxc/box.scope/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 4\n',
    'cpuacct/lxc/box.scope/cpuacct.usage': '9000000000\n',
    'pids/lxc/box.scope/pids.current': '3\n',
    'pids/lxc/box.scope/pids.max': 'max\n',
  };
  const mounts: [string, string, string][] = [
    ['memory', 'cgroup', ',memory'],
    ['cpuacct', 'cgroup', ',cpu,cpuacct'],
    ['pids', 'cgroup', ',pids'],
    ['systemd', 'cgroup', ',xattr,name=systemd'],
    ['v2', 'cgroup2', ''],
  ];

  it('puts the controllers of all trees together', () => {
    const roots = machine(mounts, files);
    const collector = new CgroupCollector();
    ask(collector, roots, 0);
    roots.write({ 'sys/fs/cgroup/cpuacct/lxc/box.scope/cpuacct.usage': '12000000000\n' });
    expect(ask(collector, roots, 30_000).cgroups).toEqual([
      {
        path: '/lxc/box.scope',
        memory_bytes: 2_000_000,
        memory_limit_bytes: null,
        swap_bytes: 500_000,
        cpu_percent: 10,
        pids: 3,
        pids_limit: null,
        oom_kills: 4,
      },
    ]);
  });

  it('takes a controller that v1 does not have from v2', () => {
    const found = findHierarchies(
      parseMountinfo(readMounts(machine(mounts.slice(0, 1).concat(mounts.slice(4)), {}))),
    );
    expect(found).toMatchObject({ memory: { version: 1 }, cpu: { version: 2 }, pids: { version: 2 } });
  });

  it('is absent where none is mounted', () => {
    const roots = machine([], {});
    expect(() => ask(new CgroupCollector(), roots, 0)).toThrow(NotHere);
  });
});

function readMounts(roots: Tree): string {
  return readFileSync(join(roots.proc, 'self/mountinfo'), 'utf8');
}

describe('values', () => {
  it('of files with one line for each', () => {
    expect(keyed('oom 1\noom_kill 2\n', 'oom_kill')).toBe(2);
    expect(keyed('oom_kill 2', 'oom_kill')).toBe(2);
    expect(keyed('oom_group_kill 2\n', 'oom_kill')).toBeNull();
    expect(keyed('', 'oom_kill')).toBeNull();
    expect(keyed(null, 'oom_kill')).toBeNull();
  });

  it.each([
    ['max\n', null],
    ['9223372036854771712\n', null],
    ['', null],
    [null, null],
    ['0\n', 0],
    ['1048576\n', 1_048_576],
  ])('of limits: %j', (text, limit) => expect(parseLimit(text)).toBe(limit));
});

describe.runIf(process.getuid?.() === 0)('a real cgroup with a limit', () => {
  it('is found, whatever version this machine has', () => {
    const found = findHierarchies(parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')))!;
    const name = `vigil-collector-${process.pid}`;
    const { dir, version } = found.memory!;
    const folder = join(dir, name);
    if (version === 2) writeFileSync(join(dir, 'cgroup.subtree_control'), '+memory');
    mkdirSync(folder);
    try {
      const limit = version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
      writeFileSync(join(folder, limit), String(64 * 1024 * 1024));
      const collector = new CgroupCollector();
      let ours: CgroupSample | undefined;
      for (let now_ms = 0; ours === undefined && now_ms < 600_000; now_ms += 5_000) {
        const { cgroups } = ask(collector, { proc: '/proc', sys: '/sys' }, now_ms);
        ours = cgroups!.find(({ path }) => path === `/${name}`);
      }
      expect(ours).toMatchObject({ memory_limit_bytes: 64 * 1024 * 1024, oom_kills: 0 });
    } finally {
      rmdirSync(folder);
    }
  });
});
