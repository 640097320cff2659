import type { Alert, AlertChange } from '../../src/model/alert.js';
import type {
  HostSample,
  MachineEvent,
  ProcessSample,
  SessionRef,
  SessionSample,
  Snapshot,
} from '../../src/model/snapshot.js';
import { RULES } from '../../src/rules/checks/index.js';
import { type RulesConfig, rulesSchema } from '../../src/rules/config.js';
import { RuleEngine } from '../../src/rules/engine/engine.js';
import { emptyHost } from '../../src/sources/host/index.js';

/** A machine to play with: change it, let time pass, see what is said. */

export const GB = 1024 ** 3;
export const MB = 1024 ** 2;
export const START_MS = Date.UTC(2026, 10, 20, 12);

export type Settings = Parameters<typeof rulesSchema.parse>[0];

export function rulesConfig(settings: Record<string, unknown> = {}): RulesConfig {
  return rulesSchema.parse(settings);
}

export class Machine {
  now_ms = START_MS;
  host: HostSample = quietHost();
  processes: ProcessSample[] = [];
  sessions: SessionSample[] = [];
  events: MachineEvent[] = [];
  readonly engine: RuleEngine;
  /** Everything that was said. */
  readonly said: AlertChange[] = [];
  readonly errors: unknown[] = [];
  private nextPid = 1000;
  /** Of its alerts. */
  lastId = 0;

  constructor(settings: Record<string, unknown> = {}) {
    this.engine = new RuleEngine({
      rules: RULES,
      config: rulesConfig(settings),
      interval_ms: 10_000,
      self_pid: 2,
      nextId: () => ++this.lastId,
      onRuleError: (rule, error) => this.errors.push(`${rule}: ${String(error)}`),
    });
    this.add({ pid: 1, ppid: 0, comm: 'systemd', cmdline: '/sbin/init', uid: 0, cgroup: '/init.scope' });
    this.add({ pid: 2, ppid: 1, comm: 'node', cmdline: 'node /usr/lib/vigil/daemon.js', uid: 0 });
  }

  add(process: Partial<ProcessSample> & { comm: string }): ProcessSample {
    const pid = process.pid ?? this.nextPid++;
    const sample: ProcessSample = {
      pid,
      start_ticks: pid * 10,
      uid: 1000,
      cmdline: process.comm,
      ppid: 1,
      pgid: pid,
      sid: pid,
      state: 'S',
      started_ms: this.now_ms,
      threads: 1,
      cpu_percent: 0,
      rss_bytes: 10 * MB,
      anon_bytes: 5 * MB,
      swap_bytes: 0,
      fds: 10,
      read_bytes: 0,
      write_bytes: 0,
      oom_score_adj: 0,
      cgroup: '/user.slice/user-1000.slice/session-3.scope',
      session: null,
      ...process,
    };
    this.processes.push(sample);
    return sample;
  }

  many(count: number, process: Partial<ProcessSample> & { comm: string }): ProcessSample[] {
    return Array.from({ length: count }, () => this.add(process));
  }

  /** A Claude session with its main process; its totals are made at each step. */
  addSession(changes: Partial<SessionSample> = {}): SessionSample {
    const main = this.add({ comm: 'claude', cmdline: 'claude', rss_bytes: 400 * MB, anon_bytes: 300 * MB });
    const session: SessionSample = {
      pid: main.pid,
      start_ticks: main.start_ticks,
      agent: 'claude-code',
      label: 'Claude Code',
      cwd: '/home/ann/shop',
      alive: true,
      uid: 1000,
      tty: 'pts/1',
      state: 'WORKING',
      since_ms: this.now_ms,
      started_ms: this.now_ms,
      ended_ms: null,
      pids: [],
      cpu_percent: 0,
      rss_bytes: 0,
      fds: null,
      read_bytes: null,
      write_bytes: null,
      sockets: null,
      ...changes,
    };
    this.sessions.push(session);
    main.session = refOf(session);
    return session;
  }

  /** The agent's main process ends; what it started stays, with init as its parent. */
  endSession(session: SessionSample): void {
    session.alive = false;
    session.state = 'EXITED';
    session.ended_ms = this.now_ms;
    this.remove(this.processes.filter(({ pid }) => pid === session.pid));
    for (const process of this.processes) {
      if (process.ppid === session.pid) process.ppid = 1;
      if (process.session?.pid === session.pid) process.session = { ...process.session, alive: false };
    }
  }

  remove(processes: readonly ProcessSample[]): void {
    this.processes = this.processes.filter(process => !processes.includes(process));
  }

  snapshot(): Snapshot {
    const events = this.events;
    this.events = [];
    return {
      time_ms: this.now_ms,
      host: this.host,
      processes: this.processes.map(process => ({ ...process })),
      sessions: this.sessions.map(session => {
        const own = this.processes.filter(process => process.session?.pid === session.pid);
        return {
          ...session,
          pids: own.map(process => process.pid),
          cpu_percent: own.reduce((sum, process) => sum + (process.cpu_percent ?? 0), 0),
          rss_bytes: own.reduce((sum, process) => sum + process.rss_bytes, 0),
        };
      }),
      events,
    };
  }

  /** Time passes in steps of one sample; what was said meanwhile. */
  pass(seconds: number, step_s: number = 10, each: () => void = () => {}): AlertChange[] {
    const changes: AlertChange[] = [];
    for (let s = 0; s < seconds; s += step_s) {
      this.now_ms += step_s * 1000;
      each();
      changes.push(...this.engine.evaluate(this.snapshot()));
    }
    this.said.push(...changes);
    if (this.errors.length > 0) throw new Error(this.errors.join('\n'));
    return changes;
  }

  get open(): Alert[] {
    return this.engine.alerts.open;
  }
}

export function refOf({ pid, start_ticks, agent, label = agent, cwd, alive }: SessionSample): SessionRef {
  return { pid, start_ticks, agent, label, cwd, alive };
}

/** `opened ram warning` */
export function brief(changes: readonly AlertChange[]): string[] {
  return changes.map(({ type, alert }) => `${type.slice('alert_'.length)} ${alert.rule} ${alert.severity}`);
}

type Memory = NonNullable<HostSample['memory']>;
type Filesystem = HostSample['filesystems'][number];

export function memory(used_percent: number, changes: Partial<Memory> = {}): Memory {
  const total_bytes = 16 * GB;
  const used_bytes = (total_bytes * used_percent) / 100;
  return {
    total_bytes,
    used_bytes,
    available_bytes: total_bytes - used_bytes,
    cached_bytes: 2 * GB,
    dirty_bytes: 0,
    swap_total_bytes: 4 * GB,
    swap_used_bytes: 0,
    swap_in_per_s: 0,
    swap_out_per_s: 0,
    ...changes,
  };
}

export function filesystem(changes: Partial<Filesystem> = {}): Filesystem {
  return {
    mount: '/',
    device: '/dev/sda1',
    type: 'ext4',
    total_bytes: 500 * GB,
    available_bytes: 250 * GB,
    inodes_total: 1_000_000,
    inodes_free: 900_000,
    read_only: false,
    hung: false,
    ...changes,
  };
}

export function quietHost(): HostSample {
  const calm = { some_avg10: 0, some_avg60: 0, full_avg10: 0, full_avg60: 0 };
  return {
    ...emptyHost(START_MS - 86_400_000),
    cores: 4,
    memory: memory(40),
    pressure: { memory: calm, io: calm, cpu: calm },
    cpu: {
      busy_percent: 5,
      iowait_percent: 0,
      steal_percent: 0,
      cores_percent: [5, 5, 5, 5],
      load1: 0.3,
      load5: 0.3,
      load15: 0.3,
      frequency_mhz: 2400,
    },
    temperatures: [{ kind: 'cpu', name: 'coretemp Package id 0', celsius: 50 }],
    disks: [
      {
        name: 'sda',
        read_bytes_per_s: 0,
        write_bytes_per_s: 1000,
        reads_per_s: 0,
        writes_per_s: 2,
        latency_ms: 2,
        busy_percent: 1,
      },
    ],
    filesystems: [filesystem()],
  };
}
