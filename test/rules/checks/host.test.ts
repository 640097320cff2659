import { describe, expect, test } from 'vitest';
import type { HostSample } from '../../../src/model/snapshot.js';
import { brief, filesystem, GB, Machine, memory, quietHost } from '../machine.js';

/** One figure of the machine: bad, nearly bad, and back to normal. */
interface Case {
  rule: string;
  severity: string;
  bad: Partial<HostSample>;
  /** Below the threshold, above what closes an open alert. */
  nearly: Partial<HostSample>;
  /** Longest time without a word although it is bad. */
  silent_s: number;
  text: RegExp;
}

const host = quietHost();
const pressure = (full_avg10: number) => ({
  pressure: { ...host.pressure!, memory: { some_avg10: 60, some_avg60: 50, full_avg10, full_avg60: 1 } },
});
const cpu = (changes: object) => ({ cpu: { ...host.cpu!, ...changes } });
const disk = (changes: Partial<HostSample['disks'][number]>) => ({
  disks: [{ ...host.disks[0]!, ...changes }],
});
const gpu = (changes: Partial<HostSample['gpus'][number]>) => ({
  gpus: [
    {
      id: 'nvidia0',
      vendor: 'nvidia' as const,
      name: 'H200',
      busy_percent: 10,
      vram_total_bytes: 100 * GB,
      vram_used_bytes: 10 * GB,
      celsius: 50,
      power_watts: 100,
      processes: [{ pid: 77, vram_bytes: 90 * GB }],
      ...changes,
    },
  ],
});
/** While the machine swaps: else it is no trouble. */
const swap = (percent: number) => ({
  memory: memory(40, { swap_used_bytes: (4 * GB * percent) / 100, swap_out_per_s: 300 }),
});
const space = (percent: number) => ({ filesystems: [filesystem({ available_bytes: 5 * GB * percent })] });
const inodes = (percent: number) => ({ filesystems: [filesystem({ inodes_free: 10_000 * percent })] });

const CASES: Case[] = [
  {
    rule: 'memory_pressure',
    severity: 'high',
    bad: pressure(12),
    nearly: pressure(7),
    silent_s: 30,
    text: /12 % of the last 10 s/,
  },
  {
    rule: 'memory_pressure',
    severity: 'critical',
    bad: pressure(50),
    nearly: pressure(7),
    silent_s: 30,
    text: /threshold 40 %/,
  },
  { rule: 'swap', severity: 'warning', bad: swap(42), nearly: swap(39), silent_s: 30, text: /42 % of 4 GB/ },
  { rule: 'swap', severity: 'high', bad: swap(55), nearly: swap(39), silent_s: 30, text: /threshold 50 %/ },
  {
    rule: 'swap',
    severity: 'critical',
    bad: swap(97),
    nearly: swap(39),
    silent_s: 30,
    text: /threshold 80 %/,
  },
  {
    rule: 'load',
    severity: 'warning',
    bad: cpu({ load1: 9 }),
    nearly: cpu({ load1: 7 }),
    silent_s: 300,
    text: /9\.0 on 4 cores \(threshold 8\.0\)/,
  },
  {
    rule: 'disk_space',
    severity: 'warning',
    bad: space(9),
    nearly: space(10.5),
    silent_s: 10,
    text: /45 GB of 500 GB are free, 9 %/,
  },
  {
    rule: 'disk_space',
    severity: 'critical',
    bad: space(4),
    nearly: space(10.5),
    silent_s: 10,
    text: /threshold 5 %/,
  },
  {
    rule: 'inodes',
    severity: 'warning',
    bad: inodes(8),
    nearly: inodes(10.5),
    silent_s: 10,
    text: /80000 more files/,
  },
  {
    rule: 'io_latency',
    severity: 'warning',
    bad: disk({ latency_ms: 800, writes_per_s: 9 }),
    nearly: disk({ latency_ms: 300, writes_per_s: 9 }),
    silent_s: 60,
    text: /800 ms/,
  },
  {
    rule: 'temperature_cpu',
    severity: 'high',
    bad: { temperatures: [{ kind: 'cpu', name: 'Package', celsius: 88 }] },
    nearly: { temperatures: [{ kind: 'cpu', name: 'Package', celsius: 82 }] },
    silent_s: 30,
    text: /88 °C \(threshold 85 °C\)/,
  },
  {
    rule: 'temperature_gpu',
    severity: 'critical',
    bad: gpu({ celsius: 92 }),
    nearly: gpu({ celsius: 77 }),
    silent_s: 30,
    text: /92 °C/,
  },
  {
    rule: 'vram',
    severity: 'warning',
    bad: gpu({ vram_used_bytes: 97 * GB }),
    nearly: gpu({ vram_used_bytes: 93 * GB }),
    silent_s: 60,
    text: /Held by pid 77: 90 GB/,
  },
  {
    rule: 'filesystem_hung',
    severity: 'high',
    bad: { filesystems: [filesystem({ mount: '/mnt/nas', type: 'nfs4', device: 'nas:/x', hung: true })] },
    nearly: { filesystems: [filesystem({ mount: '/mnt/nas', type: 'nfs4', device: 'nas:/x', hung: true })] },
    silent_s: 0,
    text: /nas:\/x \(nfs4\)/,
  },
];

describe.each(CASES)('$rule $severity', ({ rule, severity, bad, nearly, silent_s, text }) => {
  const settled = (changes: Partial<HostSample>) => ({ ...host, filesystems: [], ...changes });

  test('opens once after its time, stays open near the threshold, closes once', () => {
    const machine = new Machine();
    machine.host = settled(bad);
    expect(machine.pass(silent_s)).toEqual([]);
    const opened = machine.pass(600);
    expect(brief(opened)).toEqual([`opened ${rule} ${severity}`]);
    expect(opened[0]!.alert.text).toMatch(text);
    expect(opened[0]!.alert.title).not.toMatch(/\d%|undefined|null|NaN/);
    machine.host = settled(nearly);
    expect(brief(machine.pass(600)).filter(change => !change.startsWith('updated'))).toEqual([]);
    machine.host = host;
    expect(brief(machine.pass(900)).map(change => change.split(' ').slice(0, 2).join(' '))).toEqual([
      `resolved ${rule}`,
    ]);
  });

  test('is silent when disabled', () => {
    const machine = new Machine({ detection: { [rule]: { enabled: false } } });
    machine.host = settled(bad);
    expect(machine.pass(900)).toEqual([]);
  });
});

test('a quiet machine says nothing for hours', () => {
  const machine = new Machine();
  machine.addSession({ state: 'WAITING' });
  expect(machine.pass(6 * 3600)).toEqual([]);
});

test('the load of a build is not reported, the same load of something else is', () => {
  const machine = new Machine();
  machine.host = { ...host, ...cpu({ load1: 12 }) };
  const build = machine.many(10, {
    comm: 'cc1plus',
    cmdline: '/usr/lib/gcc/cc1plus -quiet x.cc',
    state: 'R',
    cpu_percent: 40,
  });
  expect(machine.pass(1200)).toEqual([]);
  machine.remove(build);
  machine.many(10, { comm: 'miner', state: 'R', cpu_percent: 40 });
  expect(brief(machine.pass(1200))).toEqual(['opened load warning']);
});

test.each([
  ['filesystem_hung', { hung: true }],
  ['read_only_remount', { read_only: true }],
])('%s is over soon when the mount is gone, and not because the mounts could not be read', (rule, bad) => {
  const machine = new Machine();
  const mount = { mount: '/mnt/stick', device: '/dev/sdb1' };
  machine.host = { ...host, filesystems: [filesystem(), filesystem(mount)] };
  machine.pass(60);
  machine.host = { ...host, filesystems: [filesystem(), filesystem({ ...mount, ...bad })] };
  expect(brief(machine.pass(60)).map(change => change.split(' ')[1])).toEqual([rule]);
  machine.host = { ...host, filesystems: [] };
  expect(machine.pass(60)).toEqual([]);
  machine.host = { ...host, filesystems: [filesystem()] };
  expect(brief(machine.pass(30))[0]).toMatch(`resolved ${rule}`);
});

test('a read-only filesystem is reported only when it could be written to before', () => {
  const machine = new Machine();
  const mounts = (read_only: boolean) => [
    filesystem({ read_only }),
    filesystem({
      mount: '/snap/x',
      device: '/dev/loop1',
      type: 'squashfs',
      read_only: true,
      available_bytes: 0,
    }),
  ];
  machine.host = { ...host, filesystems: mounts(false) };
  expect(machine.pass(60)).toEqual([]);
  machine.host = { ...host, filesystems: mounts(true) };
  const changes = machine.pass(600);
  expect(brief(changes)).toEqual(['opened read_only_remount critical']);
  expect(changes[0]!.alert.title).toBe('/ became read-only');
  machine.host = { ...host, filesystems: mounts(false) };
  expect(brief(machine.pass(60))).toEqual(['resolved read_only_remount critical']);
});

test('one device at two mounts is one alert', () => {
  const machine = new Machine();
  const available_bytes = 10 * GB;
  machine.host = {
    ...host,
    filesystems: [filesystem({ mount: '/var/lib/docker', available_bytes }), filesystem({ available_bytes })],
  };
  const changes = machine.pass(60);
  expect(changes.map(({ alert }) => alert.subject.name)).toEqual(['/']);
});

describe('a disk that will be full soon', () => {
  const fill = (machine: Machine, per_hour: number, from = 100 * GB) => {
    const start_ms = machine.now_ms;
    return () => {
      const hours = (machine.now_ms - start_ms) / 3_600_000;
      machine.host = {
        ...host,
        filesystems: [filesystem({ available_bytes: Math.max(0, from - hours * per_hour) })],
      };
    };
  };

  test('is foretold after an hour of a steady trend', () => {
    const machine = new Machine();
    const each = fill(machine, 6 * GB);
    expect(machine.pass(3500, 10, each)).toEqual([]);
    const changes = machine.pass(3600, 10, each);
    expect(brief(changes)).toEqual(['opened disk_full_soon warning']);
    expect(changes[0]!.alert.text).toMatch(/loses 6 GB an hour.* will last for 15\.\d h \(threshold 24 h\)/);
    expect(brief(machine.pass(7200, 10))).toEqual(['resolved disk_full_soon warning']);
  });

  test.each([30, 50])('a build of %i minutes that ended says nothing', minutes => {
    const machine = new Machine();
    machine.pass(minutes * 60, 10, fill(machine, 20 * GB));
    expect(machine.pass(7200)).toEqual([]);
    expect(machine.said).toEqual([]);
  });

  test('half a disk that is free says nothing', () => {
    const machine = new Machine();
    expect(machine.pass(7200, 60, fill(machine, 20 * GB, 400 * GB))).toEqual([]);
  });
});

describe('a unit that fails', () => {
  const fail = (machine: Machine, unit = 'web\u001b[31m.service', uid: number | null = null) =>
    machine.events.push({ type: 'unit_failed', time_ms: machine.now_ms, unit, uid, result: 'exit-code' });

  test('three times in ten minutes is reported, its name made harmless', () => {
    const machine = new Machine();
    fail(machine);
    machine.pass(60);
    fail(machine);
    expect(machine.pass(60)).toEqual([]);
    fail(machine);
    const changes = machine.pass(1200);
    expect(brief(changes)).toEqual(['opened unit_failing high', 'resolved unit_failing high']);
    expect(changes[0]!.alert.title).toBe('web\\x1b[31m.service fails again and again');
  });

  test('of a user is theirs, and is not taken for the system’s of that name', () => {
    const machine = new Machine();
    fail(machine, 'nginx.service');
    for (let i = 0; i < 3; i++) {
      fail(machine, 'nginx.service', 1001);
      machine.pass(10);
    }
    expect(machine.open).toMatchObject([
      {
        title: 'nginx.service of uid 1001 fails again and again',
        suggestion: expect.stringContaining('`journalctl --user-unit nginx.service -n 50`'),
        subject: { kind: 'unit', name: 'nginx.service', uid: 1001 },
      },
    ]);
    for (let i = 0; i < 2; i++) fail(machine, 'nginx.service');
    machine.pass(10);
    expect(machine.open[1]).toMatchObject({
      title: 'nginx.service fails again and again',
      suggestion: expect.stringContaining('`journalctl -u nginx.service -n 50`'),
      subject: { name: 'nginx.service', uid: null },
    });
  });

  test('is reported however many units of users fail', () => {
    const machine = new Machine();
    for (let i = 0; i < 3; i++) {
      fail(machine, 'web.service');
      for (let n = 0; n < 300; n++) fail(machine, `u${n}.service`, 1000 + (n % 5));
      machine.pass(10);
    }
    expect(machine.open).toContainEqual(expect.objectContaining({ key: 'unit_failing:web.service' }));
  });

  test('now and then is not', () => {
    const machine = new Machine();
    for (let i = 0; i < 10; i++) {
      fail(machine);
      expect(machine.pass(400)).toEqual([]);
    }
  });
});

describe('what is usual', () => {
  const day = 86_400;
  /** Memory between 38 and 42 %, at noon up to 70 %. */
  const live = (machine: Machine) => () => {
    const minute = Math.floor(machine.now_ms / 60_000);
    const noon = Math.floor(minute / 60) % 24 === 12;
    machine.host = { ...host, memory: memory((noon ? 68 : 38) + (minute % 5)) };
  };

  test('far above is said after three days, the same figure at its usual hour is not', () => {
    const machine = new Machine();
    expect(machine.pass(3 * day + 6 * 3600, 60, live(machine))).toEqual([]);
    machine.host = { ...host, memory: memory(75) };
    const changes = machine.pass(900);
    expect(brief(changes)).toEqual(['opened baseline_anomaly info']);
    expect(changes[0]!.alert.text).toMatch(/^75 %; usual at this hour is 40 % ± \d/);
  });

  test('nothing is said in the first days', () => {
    const machine = new Machine();
    machine.pass(2 * day, 60, live(machine));
    machine.host = { ...host, memory: memory(75) };
    expect(machine.pass(900)).toEqual([]);
  });

  test('what was learned survives a restart', () => {
    const before = new Machine();
    before.pass(3 * day + 6 * 3600, 60, live(before));
    const after = new Machine();
    after.now_ms = before.now_ms;
    after.engine.restore(after.now_ms, [], JSON.parse(JSON.stringify(before.engine.saveBaseline())));
    after.host = { ...host, memory: memory(75) };
    expect(brief(after.pass(900))).toEqual(['opened baseline_anomaly info']);
  });
});
