/**
 * What the machine looks like at one moment: plain data, made by the collectors, read by the rules, kept by
 * the store. Text in it comes from other processes and is raw: whoever shows it makes it harmless first.
 *
 * Units are in the names. Percentages of CPU are of one core. Rates are between this snapshot and the one
 * before it, null in the first. A field that could not be read is null; a list that could not be read is empty.
 */
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
  /** Resident memory that no file backs (statm: resident − shared). Null where nobody needed it yet. */
  anon_bytes: number | null;
  swap_bytes: number | null;
  /** Open file descriptors; null where nobody needed it yet or it may not be read. */
  fds: number | null;
  /** Since it started, from and to storage: /proc/PID/io. */
  read_bytes: number | null;
  write_bytes: number | null;
  oom_score_adj: number | null;
  /** It cannot take more address space than this: RLIMIT_AS less what it has. Absent: no limit, or nobody asked. */
  room_bytes?: number;
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
  /** Name of the kind, e.g. `claude-code`. */
  agent: string;
  cwd: string | null;
  alive: boolean;
}

export interface SessionSample extends SessionRef {
  uid: number;
  tty: string | null;
  /** State of the agent, as in agents/model. */
  state: 'UNKNOWN' | 'WORKING' | 'WAITING' | 'EXITED';
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

export interface HostSample {
  boot_ms: number;
  cores: number;
  memory: MemorySample | null;
  pressure: PressureSample | null;
  cpu: CpuSample | null;
  temperatures: readonly TemperatureSample[];
  gpus: readonly GpuSample[];
  disks: readonly DiskSample[];
  filesystems: readonly FilesystemSample[];
  network: NetworkSample | null;
  cgroups: readonly CgroupSample[];
  tasks: TasksSample | null;
}

/** Tasks are processes and their threads. */
export interface TasksSample {
  /** They run or want to. */
  running: number;
  total: number;
  /** More than these the kernel does not make: the smaller one of kernel.pid_max and kernel.threads-max. */
  limit: number | null;
  forks_per_s: number | null;
}

/** /proc/meminfo, proc_meminfo(5). */
export interface MemorySample {
  total_bytes: number;
  available_bytes: number;
  /** total − available. */
  used_bytes: number;
  cached_bytes: number;
  dirty_bytes: number;
  /** Files in memory: tmpfs, shared memory. Absent: not known. */
  shmem_bytes?: number;
  swap_total_bytes: number;
  swap_used_bytes: number;
  /** Pages swapped in and out per second, /proc/vmstat. */
  swap_in_per_s: number | null;
  swap_out_per_s: number | null;
}

/** Percent of the last 10 s and 60 s in which some, or all, tasks waited: Documentation/accounting/psi.rst. */
export interface Pressure {
  some_avg10: number;
  some_avg60: number;
  full_avg10: number;
  full_avg60: number;
}

export interface PressureSample {
  memory: Pressure | null;
  io: Pressure | null;
  cpu: Pressure | null;
}

export interface CpuSample {
  /** 0 to 100, of all cores together. */
  busy_percent: number | null;
  iowait_percent: number | null;
  steal_percent: number | null;
  /** 0 to 100 each. */
  cores_percent: readonly number[];
  load1: number;
  load5: number;
  load15: number;
  /** Mean over the cores; null where the kernel does not say. */
  frequency_mhz: number | null;
}

export interface TemperatureSample {
  kind: 'cpu' | 'other';
  /** e.g. `coretemp Package id 0` */
  name: string;
  celsius: number;
}

export interface GpuSample {
  /** e.g. `nvidia0`, `card1`. */
  id: string;
  vendor: 'nvidia' | 'amd' | 'intel';
  name: string;
  /** Intel: the share of time in which it was awake. */
  busy_percent: number | null;
  vram_total_bytes: number | null;
  vram_used_bytes: number | null;
  celsius: number | null;
  power_watts: number | null;
  processes: readonly { pid: number; vram_bytes: number | null }[];
}

/** A whole disk, from /proc/diskstats (Documentation/admin-guide/iostats.rst). */
export interface DiskSample {
  name: string;
  read_bytes_per_s: number | null;
  write_bytes_per_s: number | null;
  reads_per_s: number | null;
  writes_per_s: number | null;
  /** Mean time of the requests that ended since the last snapshot; null when none did. */
  latency_ms: number | null;
  /** Percent of the time in which at least one request was under way. */
  busy_percent: number | null;
}

export interface FilesystemSample {
  mount: string;
  device: string;
  type: string;
  total_bytes: number;
  /** What an ordinary user may still use. */
  available_bytes: number;
  /** Null for filesystems without a fixed number of inodes. */
  inodes_total: number | null;
  inodes_free: number | null;
  read_only: boolean;
  /** It did not answer in time; the sizes are the last ones known, 0 and null where none ever were. */
  hung: boolean;
}

export interface NetworkSample {
  interfaces: readonly {
    name: string;
    received_bytes_per_s: number | null;
    sent_bytes_per_s: number | null;
    errors_per_s: number | null;
  }[];
  /**
   * TCP connections by state, e.g. `{ESTABLISHED: 12, LISTEN: 9}`; of more than 10,000 only `TIME_WAIT` and `OTHER`.
   * Empty until they were counted for the first time.
   */
  connections: Readonly<Record<string, number>>;
}

/** A cgroup that is worth a look: those with a limit, and those of services and login sessions. */
export interface CgroupSample {
  /** As in /proc/PID/cgroup. */
  path: string;
  /** Without inactive file pages, which the kernel takes back before it kills. */
  memory_bytes: number | null;
  memory_limit_bytes: number | null;
  swap_bytes: number | null;
  cpu_percent: number | null;
  pids: number | null;
  pids_limit: number | null;
  /** Since the cgroup was made, of processes in it; v2: and below it. */
  oom_kills: number | null;
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
