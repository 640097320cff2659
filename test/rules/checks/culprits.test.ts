import { expect, test } from 'vitest';
import { brief, filesystem, GB, Machine, quietHost } from '../machine.js';

test('a full disk names who wrote most', () => {
  const machine = new Machine();
  machine.add({ comm: 'node', cmdline: 'node log.js', write_bytes: 90 * GB });
  machine.add({ comm: 'cp', write_bytes: GB });
  machine.host = { ...quietHost(), filesystems: [filesystem({ available_bytes: 10 * GB })] };
  const [change] = machine.pass(60);
  expect(change!.alert.text).toContain('most was written to storage by node log.js (90 GB), cp (1 GB).');
});

test('who ended a process for want of memory is named: earlyoom, not the kernel', () => {
  const machine = new Machine();
  const victim = machine.add({ comm: 'firefox' });
  machine.pass(10);
  machine.remove([victim]);
  const event = {
    type: 'oom_kill',
    time_ms: machine.now_ms,
    victim,
    session: null,
    rss_bytes: GB,
    cgroup: null,
  } as const;
  machine.events.push({ ...event, source: 'kernel', by: 'earlyoom' });
  const changes = machine.pass(20);
  expect(brief(changes)).toEqual(['opened oom_kill critical']);
  expect(changes[0]!.alert.title).toBe(`earlyoom ended firefox (pid ${victim.pid}) for want of memory`);
  expect(changes[0]!.alert.text).toMatch(/^Memory was short, and earlyoom ended it/);
});
