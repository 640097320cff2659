import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus, getPriority } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { cpuPlace, NICE } from '../../../src/daemon/lifecycle/priority.js';
import { parseMountinfo } from '../../../src/sources/host/filesystems/mounts.js';
import { GuardedMachine } from '../guarded.js';

let machine: GuardedMachine | null = null;
afterEach(async () => {
  await machine?.remove();
  machine = null;
});

const cpuOf = (pid: number | 'self') => {
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'latin1'));
  return cpuPlace(mounts, readFileSync(`/proc/${pid}/cgroup`, 'latin1'));
};

describe('a daemon that no unit of systemd ranks', () => {
  it('goes before others with all its threads and bpftrace, in a control group of its own', async () => {
    machine = new GuardedMachine();
    await machine.start('');
    const { pid } = JSON.parse(machine.log().match(/.*vigil is watching.*/)![0]) as { pid: number };
    const { programs } = (await machine.health()).sensor;
    const bpftrace = programs.find(({ name }) => name === 'lifecycle')!.pid!;
    for (const process of [pid, bpftrace]) {
      const nice = readdirSync(`/proc/${process}/task`).map(thread => getPriority(Number(thread)));
      expect(Math.max(...nice)).toBe(NICE);
    }
    // Where there is none, or where it is systemd's, it stays where it is.
    const place = cpuOf('self');
    if (existsSync('/run/systemd/system') || place?.version !== 1) return;
    expect(cpuOf(pid)?.path).toBe('/vigil');
    expect(cpuOf(bpftrace)?.path).toBe('/vigil');
    // It goes before everybody, and leaves them a tenth of the machine.
    const bound = (file: string) => Number(readFileSync(`${place.dir}/vigil/${file}`, 'latin1'));
    expect(bound('cpu.shares')).toBe(262_144);
    expect(bound('cpu.cfs_quota_us') / bound('cpu.cfs_period_us') / cpus().length).toBeCloseTo(0.9, 3);
    await machine.stop();
    expect(place.path).toBe(cpuOf('self')?.path);
  }, 90_000);
});

describe('what becomes a user’s process', () => {
  it('has a nice value like everybody’s', () => {
    const starts = `
      import { execFileSync } from 'node:child_process';
      import { helperCommand } from '${new URL('../../../dist/outputs/helpers/helper-command.js', import.meta.url)}';
      const place = { euid: 0, node: process.execPath, runtimeBase: '/x', boot_ms: 0, env: {}, script: '/x' };
      const { file, args, env } = helperCommand({ uid: 4242, gid: 4243, name: '4242', home: '/' }, place, null);
      const asks = ['-e', 'console.log(os.getPriority(), process.getuid())'];
      process.stdout.write(execFileSync(file, [...args.slice(0, -2), ...asks], { env }));
    `;
    const daemon = [
      '-n',
      String(NICE - getPriority()),
      process.execPath,
      '--input-type=module',
      '-e',
      starts,
    ];
    expect(execFileSync('nice', daemon, { encoding: 'utf8' })).toBe('0 4242\n');
  });
});

describe('cpuPlace', () => {
  const v1 =
    '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';
  const v2 = '41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';

  it('finds the tree that shares out the CPU', () => {
    expect(cpuPlace(parseMountinfo(v1), '4:cpu,cpuacct:/a\n3:memory:/b\n0::/c\n')).toEqual({
      dir: '/sys/fs/cgroup/cpu',
      path: '/a',
      version: 1,
    });
    expect(cpuPlace(parseMountinfo(v2), '0::/user.slice/x\n')).toEqual({
      dir: '/sys/fs/cgroup',
      path: '/user.slice/x',
      version: 2,
    });
  });

  it('is none in a container that sees a part of the tree, and without one', () => {
    expect(cpuPlace(parseMountinfo(v2.replace(' / ', ' /docker/4711 ')), '0::/\n')).toBeNull();
    expect(cpuPlace([], '0::/\n')).toBeNull();
  });
});
