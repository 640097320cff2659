import type { Alert } from '../../src/model/alert.js';
import type { ProcessSample, SessionRef, SessionSample, Snapshot } from '../../src/model/snapshot.js';

/** A made-up machine for tests and figures: the same numbers every time. */

export const MB = 1024 * 1024;
export const HOUR_MS = 3_600_000;
/** A Monday, some time ago. */
export const START_MS = Date.UTC(2026, 0, 5);

export interface MachineOptions {
  processes?: number;
  sessions?: number;
  /** New processes per snapshot among the busy ones: builds, shells. */
  churn?: number;
}

/** Snapshot number `tick`, taken at `time_ms`. */
export function machine(time_ms: number, tick: number, options: MachineOptions = {}): Snapshot {
  const { processes = 300, sessions = 3, churn = 1 } = options;
  const wave = (period: number, amplitude: number) =>
    amplitude * (1 + Math.sin((2 * Math.PI * tick) / period));
  const refs = Array.from({ length: sessions }, (_, i) => session(i));
  const list = Array.from({ length: processes }, (_, i) =>
    process(i, {
      rss_bytes: Math.round((processes - i) * MB * 1.7 + wave(97 + i, 20 * MB)),
      cpu_percent: i % 7 === 0 ? wave(31 + i, 15) : 0.1,
      session: i < 2 * sessions ? refs[i % sessions]! : null,
    }),
  );
  for (let i = 0; i < churn; i++) {
    const pid = 100_000 + tick * churn + i;
    list.push(
      process(pid, { comm: 'cc1', cmdline: `cc1 -quiet -o /tmp/cc${pid}.s file${pid}.c`, cpu_percent: 99 }),
    );
  }
  return {
    time_ms,
    host: {
      boot_ms: START_MS,
      cores: 8,
      memory: {
        total_bytes: 32_768 * MB,
        available_bytes: 16_384 * MB,
        used_bytes: Math.round(12_000 * MB + wave(360, 2_000 * MB)),
        cached_bytes: 8_000 * MB,
        dirty_bytes: MB,
        swap_total_bytes: 8_192 * MB,
        swap_used_bytes: Math.round(wave(500, 100 * MB)),
        swap_in_per_s: wave(50, 3),
        swap_out_per_s: 0,
      },
      pressure: {
        memory: { some_avg10: wave(40, 1), some_avg60: 0, full_avg10: 0, full_avg60: 0 },
        io: { some_avg10: wave(45, 5), some_avg60: 0, full_avg10: wave(45, 2), full_avg60: 0 },
        cpu: { some_avg10: wave(55, 8), some_avg60: 0, full_avg10: 0, full_avg60: 0 },
      },
      cpu: {
        busy_percent: wave(360, 40),
        iowait_percent: wave(45, 1),
        steal_percent: 0,
        cores_percent: [],
        load1: wave(360, 3),
        load5: wave(720, 3),
        load15: 2,
        frequency_mhz: 3000,
      },
      temperatures: [{ kind: 'cpu', name: 'Package id 0', celsius: 40 + wave(360, 15) }],
      gpus: [],
      disks: [
        {
          name: 'nvme0n1',
          read_bytes_per_s: wave(20, MB),
          write_bytes_per_s: wave(25, 2 * MB),
          reads_per_s: 10,
          writes_per_s: 20,
          latency_ms: wave(45, 1),
          busy_percent: wave(45, 6),
        },
      ],
      filesystems: [filesystem('/', 500_000, 200_000 - tick), filesystem('/home', 1_000_000, 600_000)],
      network: {
        interfaces: [
          { name: 'lo', received_bytes_per_s: 9 * MB, sent_bytes_per_s: 9 * MB, errors_per_s: 0 },
          { name: 'eth0', received_bytes_per_s: wave(15, 40_000), sent_bytes_per_s: 2048, errors_per_s: 0 },
        ],
        connections: { ESTABLISHED: 20 + (tick % 9), LISTEN: 9 },
      },
      cgroups: [],
      limits: null,
      tasks: null,
    },
    processes: list,
    sessions: refs.map((ref, i) => sessionSample(ref, i, tick)),
    events: [],
  };
}

export function session(i: number): SessionRef {
  return {
    pid: 1000 + i,
    start_ticks: 5000 + i,
    agent: 'claude-code',
    cwd: `/home/me/shop${i}`,
    alive: true,
  };
}

export function sessionSample(ref: SessionRef, i: number, tick: number): SessionSample {
  return {
    ...ref,
    uid: 1000,
    tty: `pts/${i}`,
    state: tick % 20 < 12 ? 'WORKING' : 'WAITING',
    since_ms: START_MS,
    started_ms: START_MS - 60_000,
    ended_ms: null,
    pids: [ref.pid, ref.pid + 100],
    cpu_percent: (tick % 20) * 5,
    rss_bytes: (400 + (tick % 50)) * MB,
    fds: 80 + (tick % 5),
    read_bytes: tick * 4096,
    write_bytes: tick * 8192,
    sockets: { ESTABLISHED: 4 },
  };
}

export function process(pid: number, more: Partial<ProcessSample> = {}): ProcessSample {
  return {
    pid,
    start_ticks: 4000 + pid,
    uid: 1000,
    comm: `worker-${pid}`,
    cmdline: `/usr/lib/things/worker-${pid} --project /home/me/shop --verbose --threads 4`,
    ppid: 1,
    pgid: pid,
    sid: pid,
    state: 'S',
    started_ms: START_MS - 60_000,
    threads: 3,
    cpu_percent: 0,
    rss_bytes: 10 * MB,
    anon_bytes: null,
    swap_bytes: null,
    fds: null,
    read_bytes: null,
    write_bytes: null,
    oom_score_adj: 0,
    cgroup: null,
    session: null,
    ...more,
  };
}

export function alert(id: number, more: Partial<Alert> = {}): Alert {
  return {
    id,
    rule: 'memory_leak',
    key: `memory_leak:${id}`,
    status: 'open',
    severity: 'high',
    title: `node grows without end`,
    text: '500 MB in 5 min',
    suggestion: null,
    subject: { kind: 'process', name: 'node', uid: 1000, processes: [], session: null, lineage: null },
    numbers: { rss_bytes: 1 },
    opened_ms: START_MS,
    updated_ms: START_MS,
    resolved_ms: null,
    ...more,
  };
}

function filesystem(mount: string, total_mb: number, available_mb: number) {
  return {
    mount,
    device: `/dev${mount}`,
    type: 'ext4',
    total_bytes: total_mb * MB,
    available_bytes: available_mb * MB,
    inodes_total: null,
    inodes_free: null,
    read_only: false,
    hung: false,
  };
}
