import type { Question } from '../../src/diagnosis/question.js';
import type { Alert } from '../../src/model/alert.js';
import type { ProcessSample, SessionSample, Snapshot } from '../../src/model/snapshot.js';

/** A machine on which twelve MCP servers have outlived their agent. */

const MIB = 1024 * 1024;
export const TIME_MS = 1_790_000_000_000;

const session = { pid: 4000, start_ticks: 900, agent: 'claude-code', cwd: '/home/ann/shop', alive: false };

export function sample(pid: number, over: Partial<ProcessSample> = {}): ProcessSample {
  return {
    pid,
    start_ticks: pid * 10,
    uid: 1000,
    comm: 'node',
    cmdline: 'node /home/ann/.npm/_npx/a1/node_modules/.bin/mcp-server',
    ppid: 1,
    pgid: pid,
    sid: pid,
    state: 'S',
    started_ms: TIME_MS - 3 * 3_600_000,
    threads: 11,
    cpu_percent: 2,
    rss_bytes: 310 * MIB,
    anon_bytes: null,
    swap_bytes: null,
    fds: null,
    read_bytes: null,
    write_bytes: null,
    oom_score_adj: 0,
    cgroup: null,
    session: null,
    ...over,
  };
}

export const orphans = Array.from({ length: 12 }, (_, i) => sample(4711 + i, { session }));

export const bystanders = [
  sample(1, { comm: 'systemd', cmdline: '/sbin/init', ppid: 0, rss_bytes: 12 * MIB, uid: 0 }),
  sample(900, {
    comm: 'sshd',
    cmdline: 'sshd -D',
    cgroup: '/system.slice/ssh.service',
    uid: 0,
    rss_bytes: 600 * MIB,
  }),
  sample(5000, { comm: 'firefox', cmdline: 'firefox', rss_bytes: 900 * MIB, cpu_percent: 40 }),
];

const ended: SessionSample = {
  ...session,
  uid: 1000,
  tty: null,
  state: 'EXITED',
  since_ms: TIME_MS - 600_000,
  started_ms: TIME_MS - 4 * 3_600_000,
  ended_ms: TIME_MS - 600_000,
  pids: orphans.map(({ pid }) => pid),
  cpu_percent: 24,
  rss_bytes: 12 * 310 * MIB,
  fds: null,
  read_bytes: null,
  write_bytes: null,
  sockets: null,
};

export function snapshot(processes: readonly ProcessSample[] = [...bystanders, ...orphans]): Snapshot {
  return {
    time_ms: TIME_MS,
    host: {
      boot_ms: TIME_MS - 86_400_000,
      cores: 8,
      memory: {
        total_bytes: 16_384 * MIB,
        available_bytes: 2048 * MIB,
        used_bytes: 14_336 * MIB,
        cached_bytes: 1024 * MIB,
        dirty_bytes: 0,
        swap_total_bytes: 0,
        swap_used_bytes: 0,
        swap_in_per_s: 0,
        swap_out_per_s: 0,
      },
      pressure: null,
      cpu: null,
      temperatures: [],
      gpus: [],
      disks: [],
      filesystems: [],
      network: null,
      cgroups: [],
      limits: null,
      tasks: null,
    },
    processes,
    sessions: [ended],
    events: [],
  };
}

export function alert(over: Partial<Alert> = {}): Alert {
  return {
    id: 7,
    rule: 'orphan',
    key: 'orphan:4000:900',
    status: 'open',
    severity: 'high',
    title: '12 leftovers of the Claude session in ~/shop',
    text: 'They hold 3.6 GiB and nobody reads what they say.',
    suggestion: 'End them with vigil kill.',
    subject: {
      kind: 'processes',
      name: 'node (12 processes)',
      uid: 1000,
      processes: orphans,
      session,
      lineage: 'claude (pid 4000) → npm → node',
    },
    numbers: { rss_bytes: 12 * 310 * MIB, quiet_ms: 600_000 },
    opened_ms: TIME_MS - 60_000,
    updated_ms: TIME_MS - 60_000,
    resolved_ms: null,
    ...over,
  };
}

export function question(over: Partial<Question> = {}): Question {
  return {
    about: { kind: 'alert', alert: alert() },
    viewer_uid: null,
    snapshot: snapshot(),
    history: ['13:00 1.2 GiB', '14:00 3.6 GiB'],
    journal: ['kernel: Out of memory: Killed process 3999 (node)'],
    ...over,
  };
}
