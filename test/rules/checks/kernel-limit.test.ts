import { describe, expect, test } from 'vitest';
import type { HostSample } from '../../../src/model/snapshot.js';
import { brief, Machine, quietHost } from '../machine.js';

type Limits = NonNullable<HostSample['limits']>;
const none = { ptys: 0, inotify_instances: 0, inotify_watches: 0 };

function limits(changes: Partial<Limits>): HostSample {
  const calm: Limits = {
    ptys: 12,
    ptys_max: 4096,
    files: 9_000,
    files_max: 9e18,
    inotify_instances_max: 128,
    inotify_watches_max: 65_536,
    holders: [],
  };
  return { ...quietHost(), limits: { ...calm, ...changes } };
}

describe('kernel_limit', () => {
  test('pseudo-terminals: who holds most is named, and it is over when they are given back', () => {
    const machine = new Machine();
    const hog = machine.add({ comm: 'node', cmdline: 'node term.js' });
    machine.host = limits({
      ptys: 300,
      ptys_max: 320,
      holders: [{ pid: hog.pid, uid: 1000, ...none, ptys: 240 }],
    });
    const changes = machine.pass(60);
    expect(brief(changes)).toEqual(['opened kernel_limit warning']);
    expect(changes[0]!.alert).toMatchObject({
      title: 'This machine runs out of pseudo-terminals',
      text: `300 of 320 are in use, 94 % (threshold 80 %). Most are held by node term.js (pid ${hog.pid}) (240).`,
    });
    machine.host = limits({});
    expect(brief(machine.pass(60))).toEqual(['resolved kernel_limit warning']);
  });

  test('300 pseudo-terminals of one process, whatever the machine has', () => {
    const machine = new Machine();
    const hog = machine.add({ comm: 'python3', cmdline: 'python3 leak.py' });
    machine.host = limits({ ptys: 312, holders: [{ pid: hog.pid, uid: 1000, ...none, ptys: 300 }] });
    const changes = machine.pass(60);
    expect(changes.map(({ alert }) => alert.title)).toEqual([
      `python3 leak.py (pid ${hog.pid}) holds 300 pseudo-terminals`,
    ]);
  });

  test('inotify of a user, who alone is told', () => {
    const machine = new Machine();
    const watchers = machine.many(4, { comm: 'code' });
    const holders = watchers.map(({ pid }) => ({ pid, uid: 1000, ...none, inotify_instances: 31 }));
    machine.host = limits({ holders });
    const changes = machine.pass(60);
    expect(brief(changes)).toEqual(['opened kernel_limit high']);
    expect(changes[0]!.alert).toMatchObject({
      title: 'The user 1000 runs out of inotify instances',
      subject: { uid: 1000 },
      text: expect.stringContaining('Most are held by code, 4 processes (124).'),
    });
  });

  test.each<[string, Partial<HostSample>, string]>([
    [
      'tasks',
      { tasks: { running: 2, total: 30_000, limit: 32_768, forks_per_s: 1 } },
      'This machine runs out of processes and threads',
    ],
    ['open files', limits({ files: 990, files_max: 1_000 }), 'This machine runs out of open files'],
    [
      'a control group',
      {
        cgroups: [
          {
            path: '/system.slice/agents.service',
            memory_bytes: 1,
            memory_limit_bytes: null,
            swap_bytes: null,
            cpu_percent: null,
            pids: 97,
            pids_limit: 100,
            oom_kills: null,
          },
        ],
      },
      '/system.slice/agents.service runs out of processes and threads',
    ],
  ])('%s', (_name, host, title) => {
    const machine = new Machine();
    machine.host = { ...limits({}), ...host };
    expect(machine.pass(60).map(({ alert }) => alert.title)).toEqual([title]);
  });

  test('a process near its own limit of open files; not one that may have many', () => {
    const machine = new Machine();
    machine.host = limits({});
    const near = machine.add({ comm: 'server', fds: 1_000, fds_limit: 1_024 });
    machine.add({ comm: 'database', fds: 5_000, fds_limit: 500_000 });
    machine.add({ comm: 'unknown', fds: 5_000 });
    expect(machine.pass(60).map(({ alert }) => alert.title)).toEqual([
      `server (pid ${near.pid}) runs out of open files`,
    ]);
  });
});
