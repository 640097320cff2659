import { expect, it } from 'vitest';
import { RecentExecs } from '../../../src/daemon/host/recent-execs.js';

const exec = (pid: number, path: string, argv: string[]) =>
  ({ type: 'exec', time_ms: 0, pid, ppid: 1, uid: 1000, path, argv, truncated: false }) as const;

it('what was started is known by its last program, and not without bounds', () => {
  const execs = new RecentExecs();
  execs.hear(exec(7, '/bin/sh', ['sh', '-c', 'x']));
  execs.hear(exec(7, '/usr/bin/a-name-that-is-long', ['y'.repeat(5000)]));
  expect(execs.get(7)).toMatchObject({ pid: 7, uid: 1000, comm: 'a-name-that-is-' });
  expect(execs.get(7)!.cmdline).toHaveLength(1000);
  execs.hear(exec(8, '/bin/a', ['a']));
  execs.hear({ type: 'fork', time_ms: 0, pid: 8, ppid: 1 });
  expect(execs.get(8)).toBeUndefined();
  execs.hear(exec(9, '/bin/a', ['a']));
  for (let pid = 100; pid < 10_000; pid++) {
    execs.hear(exec(pid, '/bin/true', []));
    execs.hear({ type: 'exit', time_ms: 0, pid, code: 0, signal: null, sender: null });
  }
  expect(execs.get(9)).toMatchObject({ comm: 'a' });
  for (let pid = 100; pid < 10_000; pid++) execs.hear(exec(pid, '/bin/true', []));
  expect(execs.get(7)).toBeUndefined();
  expect(execs.get(9_999)).toMatchObject({ cmdline: '/bin/true' });
});
