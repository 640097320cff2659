import { SMALL_BYTES, tryList, tryReadHead, tryReadText } from '../bounded-read.js';
import type { ProcessRef, ProcessSample, SessionRef, Snapshot } from '../collectors/snapshot.js';
import { PAGE_SIZE_BYTES } from '../proc/boot.js';
import { listPids, readArgv, readExe } from '../proc/read.js';
import { parseStat, type Stat } from '../proc/stat.js';
import { parseCgroup } from '../proc/table-details.js';
import { PF_KTHREAD } from '../proc/table-stat.js';
import { readUid } from '../proc/uid.js';
import { isSameProcess } from '../process-ref.js';
import { Listeners } from './listening.js';

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

const MAX_CMDLINE = 4096;
const STAT_BYTES = 2048;
const MAX_THREADS = 65_536;

function parseLiveStat(text: string): LiveStat | null {
  const stat = parseStat(text);
  if (stat === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Fields 8 and 9 of proc_pid_stat(5); fields[0] is field 3.
  return { ...stat, tpgid: Number(fields[5]), flags: Number(fields[6]) };
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
  /** The process itself, its parent, and so on up to init. */
  ancestors(pid: number): number[];
  /** Whether it listens for TCP connections; null: not known. */
  listens(pid: number): boolean | null;
}

/**
 * /proc at one moment. Made anew for each decision; what is read stays as it was found. Single processes cost
 * some files each, trees and groups one pass over the `stat` of all.
 */
export class LiveView implements ProcessView {
  private readonly stats = new Map<number, LiveStat | null>();
  private readonly found = new Map<number, LiveProcess | null>();
  private readonly samples: ReadonlyMap<number, ProcessSample>;
  private readonly listeners: Listeners;
  private complete = false;

  constructor(
    private readonly root: string,
    snapshot: Snapshot | null,
  ) {
    this.listeners = new Listeners(root);
    this.samples = new Map((snapshot?.processes ?? []).map(sample => [sample.pid, sample]));
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
    return this.pids(this.descendants(pid));
  }

  group(pgid: number): LiveProcess[] {
    return this.pids(
      this.all()
        .filter(stat => stat.pgid === pgid)
        .map(stat => stat.pid),
    );
  }

  cgroup(path: string): LiveProcess[] {
    const inside = (own: string | null) => own === path || own?.startsWith(`${path}/`) === true;
    return this.pids(this.all().map(stat => stat.pid)).filter(process => inside(process.cgroup));
  }

  ancestors(pid: number): number[] {
    const line = [pid];
    for (let stat = this.stat(pid); stat !== null && !line.includes(stat.ppid); stat = this.stat(stat.ppid))
      line.push(stat.ppid);
    return line;
  }

  listens(pid: number): boolean | null {
    return this.listeners.listens(pid);
  }

  private stat(pid: number): LiveStat | null {
    let stat = this.stats.get(pid);
    if (stat === undefined) {
      const valid = Number.isInteger(pid) && pid > 0;
      const text = valid ? tryReadHead(`${this.root}/${pid}/stat`, STAT_BYTES) : null;
      stat = text === null ? null : parseLiveStat(text);
      this.stats.set(pid, stat);
    }
    return stat;
  }

  private all(): LiveStat[] {
    if (!this.complete) for (const pid of listPids(this.root)) this.stat(pid);
    this.complete = true;
    return [...this.stats.values()].filter(stat => stat !== null);
  }

  private pids(pids: readonly number[]): LiveProcess[] {
    return pids.map(pid => this.find(pid)).filter(process => process !== null);
  }

  private descendants(root: number): number[] {
    const children = new Map<number, number[]>();
    for (const { pid, ppid } of this.all()) {
      const list = children.get(ppid);
      if (list === undefined) children.set(ppid, [pid]);
      else list.push(pid);
    }
    const all = new Set([root]);
    // A set is walked in the order of insertion, and what is added meanwhile is walked too.
    for (const pid of all) for (const child of children.get(pid) ?? []) all.add(child);
    return [...all];
  }

  private read(pid: number): LiveProcess | null {
    const stat = this.stat(pid);
    const uid = stat === null ? null : readUid(this.root, pid);
    if (stat === null || uid === null) return null;
    // Who does not let itself be asked is none the less there to be ended.
    const argv = this.argvOf(pid, stat);
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
      cgroup: parseCgroup(tryReadText(`${this.root}/${pid}/cgroup`, SMALL_BYTES, 'utf8') ?? ''),
      session: this.sessionOf(pid, start_ticks),
    };
  }

  /**
   * What was forked and has not exec'd has its parent's arguments. They are not read once more: they lie in the memory of
   * the process, which it holds locked while it forks, and on a machine with a thousand others it does so for seconds.
   */
  private argvOf(pid: number, stat: LiveStat): readonly string[] {
    const parent = stat.is_copy ? this.found.get(stat.ppid) : undefined;
    return parent?.comm === stat.comm ? parent.argv : (readArgv(this.root, pid) ?? []);
  }

  private sessionOf(pid: number, start_ticks: number): SessionRef | null {
    const sample = this.samples.get(pid);
    return sample?.start_ticks === start_ticks ? sample.session : null;
  }
}

/** Thread ids of a process; empty when it is gone. */
export function threadsOf(taskFolder: string): number[] {
  return tryList(taskFolder, MAX_THREADS)
    .map(Number)
    .filter(tid => Number.isInteger(tid));
}
