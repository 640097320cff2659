import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessRef, ProcessSample, SessionRef, Snapshot } from '../collectors/snapshot.js';
import { PAGE_SIZE_BYTES } from '../proc/boot.js';
import { listPids, readArgv, readExe, readUid } from '../proc/read.js';
import { parseStat, type Stat } from '../proc/stat.js';

/** A process as it is at this moment, with all that a decision to signal it rests on. */
export interface LiveProcess extends ProcessRef {
  ppid: number;
  pgid: number;
  sid: number;
  state: string;
  /** It has a controlling terminal. */
  has_tty: boolean;
  /** Its process group has the terminal: a person may be looking at it. */
  foreground: boolean;
  kernel_thread: boolean;
  rss_bytes: number;
  argv: readonly string[];
  exe: string | null;
  cgroup: string | null;
  /** The agent session it came from, by the lineage that the collectors recorded. */
  session: SessionRef | null;
}

/** More of /proc/PID/stat than others need. */
interface LiveStat extends Stat {
  tpgid: number;
  flags: number;
}

/** include/linux/sched.h */
const PF_KTHREAD = 0x0020_0000;
const MAX_CMDLINE = 4096;

function parseLiveStat(text: string): LiveStat | null {
  const stat = parseStat(text);
  if (stat === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Fields 8 and 9 of proc_pid_stat(5); fields[0] is field 3.
  return { ...stat, tpgid: Number(fields[5]), flags: Number(fields[6]) };
}

export function isSameProcess(
  a: Pick<ProcessRef, 'pid' | 'start_ticks'>,
  b: Pick<ProcessRef, 'pid' | 'start_ticks'>,
): boolean {
  return a.pid === b.pid && a.start_ticks === b.start_ticks;
}

/** The processes of this moment, as decisions look at them. Zombies are among them. */
export interface ProcessView {
  /** Null when there is none, or none that may be looked at. */
  find(pid: number): LiveProcess | null;
  /** The same process as the one meant; null when that one is gone, whoever has its pid now. */
  resolve(ref: Pick<ProcessRef, 'pid' | 'start_ticks'>): LiveProcess | null;
  /** The process and all its descendants, parents first. */
  tree(pid: number): LiveProcess[];
  group(pgid: number): LiveProcess[];
  /** Everything in the cgroup and in those below it. */
  cgroup(path: string): LiveProcess[];
  /** The process, its parents up to init, and all its descendants. */
  kin(pid: number): ReadonlySet<number>;
}

/**
 * /proc at one moment: the tree of all processes from one pass over their `stat`, the rest of a process
 * when it is asked for. Made anew for each decision, about 10 ms at 1,000 processes.
 */
export class LiveView implements ProcessView {
  private readonly stats = new Map<number, LiveStat>();
  private readonly found = new Map<number, LiveProcess | null>();
  private readonly samples: ReadonlyMap<number, ProcessSample>;

  constructor(
    private readonly root: string,
    snapshot: Snapshot | null,
  ) {
    this.samples = new Map((snapshot?.processes ?? []).map(sample => [sample.pid, sample]));
    for (const pid of listPids(root)) {
      const stat = tryRead(() => parseLiveStat(readFileSync(`${root}/${pid}/stat`, 'utf8')));
      if (stat !== null) this.stats.set(pid, stat);
    }
  }

  find(pid: number): LiveProcess | null {
    let process = this.found.get(pid);
    if (process === undefined) {
      process = this.read(pid);
      this.found.set(pid, process);
    }
    return process;
  }

  resolve(ref: Pick<ProcessRef, 'pid' | 'start_ticks'>): LiveProcess | null {
    const process = this.find(ref.pid);
    return process !== null && isSameProcess(process, ref) ? process : null;
  }

  tree(pid: number): LiveProcess[] {
    return this.pids(this.descendants([pid]));
  }

  group(pgid: number): LiveProcess[] {
    return this.pids([...this.stats.values()].filter(stat => stat.pgid === pgid).map(stat => stat.pid));
  }

  cgroup(path: string): LiveProcess[] {
    const inside = (own: string | null) => own === path || own?.startsWith(`${path}/`) === true;
    return this.pids([...this.stats.keys()]).filter(process => inside(process.cgroup));
  }

  kin(pid: number): ReadonlySet<number> {
    const kin = new Set(this.descendants([pid]));
    for (let at = pid; at > 0 && this.stats.has(at); ) {
      at = this.stats.get(at)!.ppid;
      if (kin.has(at)) break;
      kin.add(at);
    }
    return kin;
  }

  private pids(pids: readonly number[]): LiveProcess[] {
    return pids.map(pid => this.find(pid)).filter(process => process !== null);
  }

  private descendants(roots: readonly number[]): number[] {
    const children = new Map<number, number[]>();
    for (const { pid, ppid } of this.stats.values()) {
      const list = children.get(ppid);
      if (list === undefined) children.set(ppid, [pid]);
      else list.push(pid);
    }
    const all = new Set(roots.filter(pid => this.stats.has(pid)));
    // A set is walked in the order of insertion, and what is added meanwhile is walked too.
    for (const pid of all) for (const child of children.get(pid) ?? []) all.add(child);
    return [...all];
  }

  private read(pid: number): LiveProcess | null {
    const stat = this.stats.get(pid);
    const uid = stat === undefined ? null : readUid(this.root, pid);
    if (stat === undefined || uid === null) return null;
    const argv = readArgv(this.root, pid);
    const { start_ticks } = stat;
    return {
      pid,
      start_ticks,
      uid,
      comm: stat.comm,
      cmdline: argv.length === 0 ? `[${stat.comm}]` : argv.join(' ').slice(0, MAX_CMDLINE),
      ppid: stat.ppid,
      pgid: stat.pgid,
      sid: stat.sid,
      state: stat.state,
      has_tty: stat.tty_nr !== 0,
      foreground: stat.tty_nr !== 0 && stat.tpgid === stat.pgid,
      kernel_thread: (stat.flags & PF_KTHREAD) !== 0 || pid === 2 || stat.ppid === 2,
      rss_bytes: stat.rss_pages * PAGE_SIZE_BYTES,
      argv,
      exe: readExe(this.root, pid),
      cgroup: readCgroup(this.root, pid),
      session: this.sessionOf(pid, start_ticks),
    };
  }

  private sessionOf(pid: number, start_ticks: number): SessionRef | null {
    const sample = this.samples.get(pid);
    return sample?.start_ticks === start_ticks ? sample.session : null;
  }
}

/** The plain data of a process, as it is written down. */
export function refOf({ pid, start_ticks, uid, comm, cmdline }: ProcessRef): ProcessRef {
  return { pid, start_ticks, uid, comm, cmdline };
}

/**
 * The path in the unified hierarchy (line `0::/path`), or in systemd's own where there are several;
 * cgroups(7).
 */
export function readCgroup(root: string, pid: number): string | null {
  const text = tryRead(() => readFileSync(`${root}/${pid}/cgroup`, 'utf8'));
  if (text === null) return null;
  const lines = text.split('\n');
  const own =
    lines.find(line => line.startsWith('0::')) ?? lines.find(line => line.includes(':name=systemd:'));
  return own === undefined ? null : own.replace(/^[^:]*:[^:]*:/, '');
}

/** Thread ids of a process; empty when it is gone. */
export function threadsOf(taskFolder: string): number[] {
  return (tryRead(() => readdirSync(taskFolder)) ?? []).map(Number).filter(tid => Number.isInteger(tid));
}

function tryRead<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
