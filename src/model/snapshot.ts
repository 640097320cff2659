/**
 * What the machine looks like at one moment: plain data, made by the collectors, read by the rules, kept by
 * the store. Text in it comes from other processes and is raw: whoever shows it makes it harmless first.
 *
 * Units are in the names. Percentages of CPU are of one core. Rates are between this snapshot and the one
 * before it, null in the first. A field that could not be read is null; a list that could not be read is empty.
 */

import type { Reason } from './agent.js';

export interface Snapshot {
  /** ms since the epoch, never going back within one run. */
  time_ms: number;
  host: HostSample;
  /** Every process, kernel threads left out. */
  processes: readonly ProcessSample[];
  /** Agent sessions: the living ones, and the dead ones of which processes still run. */
  sessions: readonly SessionSample[];
  /** What happened since the snapshot before. */
  events: readonly MachineEvent[];
  /** Memory limits that processes which grow are under. Absent: none was looked for. */
  limits?: readonly MemoryLimitSample[];
}

/** A control group whose memory is limited, with processes in it or below that grow. */
export interface MemoryLimitSample {
  /** In the hierarchy of the memory controller. */
  path: string;
  limit_bytes: number;
  /** Without what the kernel takes back before it kills: file pages. */
  used_bytes: number;
  /** Swap that it may still use. */
  swap_left_bytes: number;
  pids: readonly number[];
}

/** A process for as long as it lives: a pid alone is used again. */
export interface ProcessRef {
  pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat. */
  start_ticks: number;
  uid: number;
  comm: string;
  /** Arguments joined by spaces, cut at 4,096 characters; the name in brackets where there are none. */
  cmdline: string;
}

export interface ProcessSample extends ProcessRef {
  ppid: number;
  pgid: number;
  sid: number;
  /** One letter, proc_pid_stat(5): R, S, D, T, t, Z, I, … */
  state: string;
  started_ms: number;
  threads: number;
  /** Over all its threads, can be above 100; null at first sight. */
  cpu_percent: number | null;
  rss_bytes: number;
  /** Address space; absent where it was not read. */
  vsize_bytes?: number;
  /** Resident memory that no file backs (statm: resident − shared). Null where nobody needed it yet. */
  anon_bytes: number | null;
  swap_bytes: number | null;
  /** Open file descriptors; null where nobody needed it yet or it may not be read. */
  fds: number | null;
  /** So many it may have (RLIMIT_NOFILE). Absent: it has few, or nobody asked. */
  fds_limit?: number;
  /** Since it started, from and to storage: /proc/PID/io. */
  read_bytes: number | null;
  write_bytes: number | null;
  oom_score_adj: number | null;
  /** It cannot take more address space than this: RLIMIT_AS less what it has. Absent: no limit, or nobody asked. */
  room_bytes?: number;
  /** Who started it meant it to go on alone (sources/procfs/to-stay.ts). Absent: it did not, or nobody asked. */
  to_stay?: boolean;
  /** Path in the cgroup hierarchy, e.g. `/system.slice/ssh.service`; null: not read. */
  cgroup: string | null;
  /** The agent session it came from, by recorded lineage, alive or dead. */
  session: SessionRef | null;
}

/** Which agent session. */
export interface SessionRef {
  /** Of the agent's main process, which may be gone. */
  pid: number;
  start_ticks: number;
  /** Name of its type, e.g. `claude-code`. */
  agent: string;
  /** Its name for people, e.g. `Claude Code`; what was stored by an older vigil has none. */
  label?: string;
  cwd: string | null;
  alive: boolean;
}

export interface SessionSample extends SessionRef {
  uid: number;
  tty: string | null;
  /** It talks with nobody and works off what it was given (`claude -p`). Absent: it talks with a person, as far as is known. */
  interactive?: false;
  /** It ignored SIGHUP when it was last asked, and all that it starts inherits that. Absent: it did not, or was never asked. */
  ignores_hangup?: true;
  /** State of the agent, as in agents/model. */
  state: 'UNKNOWN' | 'WORKING' | 'WAITING' | 'EXITED';
  reason?: Reason | null;
  since_ms: number;
  started_ms: number;
  ended_ms: number | null;
  /** Living processes of it, the main one among them. */
  pids: readonly number[];
  /** Totals over `pids`. */
  cpu_percent: number;
  rss_bytes: number;
  fds: number | null;
  read_bytes: number | null;
  write_bytes: number | null;
  /** Sockets of its processes by state, e.g. `{ESTABLISHED: 4}`; null: not read. */
  sockets: Readonly<Record<string, number>> | null;
}

/**
 * The machine as a whole. Each collector adds its own slice where it is defined (`declare module`, in
 * src/sources/host): whoever reads a slice knows of this type alone.
 */
export interface HostSample {
  boot_ms: number;
}

export type MachineEvent =
  | {
      type: 'oom_kill';
      time_ms: number;
      /** As far as it is known: from the journal `start_ticks` is 0, from a cgroup's counter `pid` is 0 too. */
      victim: ProcessRef;
      session: SessionRef | null;
      /** What the victim held, where known. */
      rss_bytes: number | null;
      /** The cgroup whose limit was hit; null: the whole machine ran out, or it is not known. */
      cgroup: string | null;
      /** What ran out, where the source says it; a cgroup may have no name. */
      scope?: 'machine' | 'cgroup';
      source: 'kernel' | 'journal' | 'cgroup';
      /** Who ended it, before the kernel had to: earlyoom, systemd-oomd. Absent: the kernel. */
      by?: string;
    }
  | {
      type: 'unit_failed';
      time_ms: number;
      unit: string;
      /** Whose manager runs it: units of users may have the names of the system's. Null: the system's. */
      uid: number | null;
      result: string;
    }
  | {
      type: 'journal';
      time_ms: number;
      /** 0 (emergency) to 7 (debug), syslog(3). */
      priority: number;
      unit: string | null;
      /** SYSLOG_IDENTIFIER, e.g. `kernel`. */
      identifier: string | null;
      pid: number | null;
      message: string;
    };
