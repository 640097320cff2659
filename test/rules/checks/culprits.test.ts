import { expect, test } from 'vitest';
import type { HostSample } from '../../../src/model/snapshot.js';
import { brief, filesystem, GB, Machine, MB, quietHost } from '../machine.js';

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

const nearlyFull = (machine: Machine, holders: HostSample['filesystems'][number]['holders']) => {
  const [disk] = machine.host.filesystems;
  machine.host = {
    ...machine.host,
    filesystems: [{ ...disk!, available_bytes: disk!.total_bytes * 0.04, ...(holders && { holders }) }],
  };
};
const none = { uid: 1000, deleted_bytes: 0, written_bytes: 0, grown_bytes: 0 };

test('a full disk names who has deleted files of it open, and what a restart gives back', () => {
  const machine = new Machine();
  const leaky = machine.add({ comm: 'postgres' });
  const busy = machine.add({ comm: 'rsync', write_bytes: 900 * GB });
  machine.pass(10);
  nearlyFull(machine, [
    { ...none, pid: leaky.pid, deleted_bytes: 12 * GB, written_bytes: 12 * GB },
    { ...none, pid: busy.pid, written_bytes: 1 * MB },
  ]);
  const [change] = machine.pass(20);
  expect(change!.alert.rule).toBe('disk_space');
  expect(change!.alert.text).toMatch(/\)\. Deleted files are held open by postgres \(12 GB\)\.$/);
  expect(change!.alert.suggestion).toMatch(/^Restart postgres: that gives back 12 GB\. Find what/);
});

test('a full disk names who writes to it, not who writes most elsewhere', () => {
  const machine = new Machine();
  const backup = machine.add({ comm: 'rsync', write_bytes: 900 * GB });
  const train = machine.add({ comm: 'train' });
  const logger = machine.add({ comm: 'rsyslogd' });
  machine.pass(10);
  nearlyFull(machine, [
    { ...none, pid: logger.pid, written_bytes: 3 * GB },
    { ...none, pid: train.pid, written_bytes: 2 * GB, grown_bytes: 1 * GB },
  ]);
  const [change] = machine.pass(20);
  expect(change!.alert.text).toMatch(/\)\. Files of it grow that are written by train \(1 GB\)\.$/);
  expect(change!.alert.text).not.toContain(backup.comm);
  expect(change!.alert.suggestion).toMatch(/^Find what/);
});
