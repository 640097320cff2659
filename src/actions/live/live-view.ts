import { SMALL_BYTES, tryReadHead, tryReadText } from '../../lib/files/bounded-read.js';
import { PAGE_SIZE_BYTES, ticksToEpochMs } from '../../lib/os/boot.js';
import { readUid } from '../../lib/os/uid.js';
import { type Memory, memoryOf } from '../../lib/proc/process-memory.js';
import { parseStat, type Stat } from '../../lib/proc/stat.js';
import { isSameProcess } from '../../lib/process/identity.js';
import type { Work } from '../../lib/time/in-turns.js';
import { atOnce } from '../../lib/time/slices.js';
import type { Scope } from '../../model/action.js';
import type { ProcessRef, ProcessSample, SessionRef, Snapshot } from '../../model/snapshot.js';
import { readArgv, readExe, splitArguments } from '../../sources/procfs/read.js';
import { parseCgroup } from '../../sources/procfs/table-details.js';
import { whyToStay } from '../../sources/procfs/to-stay.js';
import { CgroupMembers } from './cgroup-members.js';
import { Listeners } from './listening.js';
import { type IndexedProcess, OURSELVES, ProcessIndex } from './process-index.js';

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
  /** Empty also when they cannot be told now. */
  argv: readonly string[];
  /** They cannot: what it is called, and what it was started to do, is not known. */
  argv_unknown?: true;
  exe: string | null;
  cgroup: string | null;
  /** The agent session it came from, by the lineage that the collectors recorded. */
  session: SessionRef | null;
  /** Somebody meant it to outlive its dead session: why, as in `whyToStay`. Absent: nothing says so, or nobody asked. */
  to_stay?: string;
}

const MAX_CMDLINE = 4096;
const STAT_BYTES = 2048;
/** Processes that are read between two turns of the event loop, some 100 µs each: no more than in one question for arguments. */
const PIECE = 32;

/** What tells who goes together with a process. */
type Root = Pick<LiveProcess, 'pid' | 'pgid' | 'cgroup'>;

/** The processes of this moment, as decisions look at them. Zombies are among them. */
export interface ProcessView {
  /** Null when there is none, or none that may be looked at. */
  find(pid: number): LiveProcess | null;
  /** The same process as the one meant; null when that one is gone, whoever has its pid now. */
  resolve(ref: Pick<ProcessRef, 'pid' | 'start_ticks'>): LiveProcess | null;
  /**
   * How many living ones go together with it, told without reading more of them than that; one more than `max` where
   * there are more.
   */
  count(root: Root, scope: Scope, max: number): number;
  /** Their pids, as far as that is known without reading more of them. */
  members(root: Root, scope: Scope): readonly number[];
  /** Finds and reads those that go together with it, a few at a time: all questions about them are quick then. */
  gather(root: Root, scope: Scope): Work<void>;
  /** Reads these, a few at a time. */
  readAhead(pids: readonly number[]): Work<void>;
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

const dead = (state: string) => state === 'Z' || state === 'X';

/** What views share: who belongs together is read once for all of them. */
export interface LiveSources {
  index: ProcessIndex;
  cgroups: CgroupMembers;
}

export function liveSources(root: string): LiveSources {
  return { index: new ProcessIndex(root), cgroups: new CgroupMembers(root) };
}

/**
 * /proc at one moment. Made anew for each decision; what is read stays as it was found. Single processes cost
 * some files each; who belongs to a tree or a group is known from the index, and read anew for each of them.
 */
export class LiveView implements ProcessView {
  private readonly stats = new Map<number, Stat | null>();
  private readonly found = new Map<number, LiveProcess | null>();
  /** Read ahead, at the price of one question for many. */
  private readonly argumentsOf = new Map<number, Memory>();
  private readonly listeners: Listeners;
  private readonly inCgroup = new Map<string, readonly number[]>();
  private isIndexed = false;

  /** @param max_age_ms how old the index may be at the first tree or group that is asked for */
  constructor(
    private readonly root: string,
    private readonly snapshot: Snapshot | null,
    private readonly sources: LiveSources = liveSources(root),
    private readonly max_age_ms = 0,
  ) {
    this.listeners = new Listeners(root);
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

  count(root: Root, scope: Scope, max: number): number {
    if (scope === 'process') return 1;
    if (scope === 'cgroup') return this.pidsIn(root.cgroup ?? '/', max).length;
    const living = (pid: number) => !dead(this.index.all.get(pid)?.state ?? 'X');
    return this.members(root, scope).filter(living).length;
  }

  members(root: Root, scope: Scope): readonly number[] {
    if (scope === 'process') return [root.pid];
    if (scope === 'cgroup') return this.pidsIn(root.cgroup ?? '/', Number.POSITIVE_INFINITY);
    return scope === 'tree' ? this.index.tree(root.pid) : this.index.group(root.pgid).map(({ pid }) => pid);
  }

  *gather(root: Root, scope: Scope): Work<void> {
    if (scope === 'process') return;
    const path = root.cgroup ?? '/';
    const isListed = scope === 'cgroup' && this.sources.cgroups.of(path, 0) !== null;
    if (!isListed && !this.isIndexed) {
      yield* this.sources.index.refresh(this.max_age_ms, OURSELVES);
      this.isIndexed = true;
    }
    if (scope === 'cgroup' && !isListed) yield* this.search(path);
    yield* this.readAhead(this.members(root, scope));
  }

  *readAhead(pids: readonly number[]): Work<void> {
    for (let at = 0; at < pids.length; at += PIECE) {
      yield;
      const unread = pids.slice(at, at + PIECE).filter(pid => !this.found.has(pid));
      yield* this.readArguments(unread);
      for (const pid of unread) this.find(pid);
    }
  }

  tree(pid: number): LiveProcess[] {
    // Itself may be newer than the index.
    return this.index.tree(pid).flatMap(one => (one === pid ? (this.find(pid) ?? []) : this.same(one)));
  }

  group(pgid: number): LiveProcess[] {
    const indexed = this.index.group(pgid).flatMap(({ pid }) => this.same(pid));
    return indexed.filter(process => process.pgid === pgid);
  }

  cgroup(path: string): LiveProcess[] {
    return this.pidsIn(path, Number.POSITIVE_INFINITY)
      .map(pid => this.find(pid))
      .filter(process => process !== null)
      .filter(process => isWithin(process.cgroup, path));
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

  private stat(pid: number): Stat | null {
    let stat = this.stats.get(pid);
    if (stat === undefined) {
      const valid = Number.isInteger(pid) && pid > 0;
      const text = valid ? tryReadHead(`${this.root}/${pid}/stat`, STAT_BYTES) : null;
      stat = text === null ? null : parseStat(text);
      this.stats.set(pid, stat);
    }
    return stat;
  }

  private get index(): ProcessIndex {
    const { index } = this.sources;
    if (!this.isIndexed) index.refreshNow(this.max_age_ms);
    this.isIndexed = true;
    return index;
  }

  /** The process that the index means, as it is now. */
  private same(pid: number): LiveProcess[] {
    const process = this.find(pid);
    const indexed: IndexedProcess | undefined = this.sources.index.all.get(pid);
    return process !== null && process.start_ticks === indexed?.start_ticks ? [process] : [];
  }

  private pidsIn(path: string, max: number): readonly number[] {
    const known = this.inCgroup.get(path);
    if (known !== undefined) return known;
    const pids = this.sources.cgroups.of(path, max);
    if (pids === null) atOnce(this.search(path));
    else if (pids.length > max) return pids;
    else this.inCgroup.set(path, pids);
    return this.inCgroup.get(path) ?? [];
  }

  /** Where the kernel does not list its members: among all processes. */
  private *search(path: string): Work<void> {
    const found: number[] = [];
    let looked = 0;
    for (const { pid, state } of this.index.all.values()) {
      if (!dead(state) && isWithin(this.cgroupOf(pid), path)) found.push(pid);
      if (++looked % PIECE === 0) yield;
    }
    this.inCgroup.set(path, found);
  }

  private cgroupOf(pid: number): string | null {
    return parseCgroup(tryReadText(`${this.root}/${pid}/cgroup`, SMALL_BYTES, 'utf8') ?? '');
  }

  private read(pid: number): LiveProcess | null {
    const stat = this.stat(pid);
    const uid = stat === null ? null : readUid(this.root, pid);
    if (stat === null || uid === null) return null;
    // Who does not let itself be asked is none the less there to be ended.
    const known = this.argvOf(pid, stat);
    const argv = known ?? [];
    const { start_ticks } = stat;
    const session = this.sessionOf(pid, start_ticks);
    const cgroup = this.cgroupOf(pid);
    const cmdline = argv.length === 0 ? `[${stat.comm}]` : argv.join(' ').slice(0, MAX_CMDLINE);
    const to_stay =
      session?.alive === false
        ? whyToStay(this.root, {
            pid,
            sid: stat.sid,
            cmdline,
            cgroup,
            started_ms: ticksToEpochMs(start_ticks),
            agent_started_ms: ticksToEpochMs(session.start_ticks),
            agent_cwd: session.cwd,
            agent_ignores_hangup: this.ignoresHangup(session),
          })
        : null;
    return {
      pid,
      start_ticks,
      uid,
      comm: stat.comm,
      cmdline,
      ppid: stat.ppid,
      pgid: stat.pgid,
      sid: stat.sid,
      state: stat.state,
      has_tty: stat.tty_nr !== 0,
      foreground: stat.tty_nr !== 0 && stat.tpgid === stat.pgid,
      kernel_thread: stat.is_kernel_thread,
      rss_bytes: stat.rss_pages * PAGE_SIZE_BYTES,
      argv,
      ...(known === null && { argv_unknown: true as const }),
      exe: readExe(this.root, pid),
      cgroup,
      session,
      ...(to_stay !== null && { to_stay }),
    };
  }

  /**
   * What was forked and has not exec'd has its parent's arguments. They are not read once more: they lie in the memory of
   * the process, which it holds locked while it forks, and on a machine with a thousand others it does so for seconds.
   */
  private argvOf(pid: number, stat: Stat): readonly string[] | null {
    const parent = stat.is_copy ? this.found.get(stat.ppid) : undefined;
    if (parent?.comm === stat.comm) return parent.argv_unknown ? null : parent.argv;
    const read = this.argumentsOf.get(pid);
    if (read === undefined) return readArgv(this.root, pid);
    return read === 'unknown' ? null : splitArguments(read);
  }

  private *readArguments(pids: readonly number[]): Work<void> {
    const own = pids.filter(pid => {
      const stat = this.stat(pid);
      if (stat === null || !stat.is_copy) return stat !== null;
      const isKnown = this.found.has(stat.ppid) || pids.includes(stat.ppid);
      return !isKnown || this.stat(stat.ppid)?.comm !== stat.comm;
    });
    const read = yield* memoryOf(this.root).readInTurns(own, 'cmdline');
    for (const [i, pid] of own.entries()) this.argumentsOf.set(pid, read[i] ?? null);
  }

  private ignoresHangup(session: SessionRef): boolean {
    const sample = this.snapshot?.sessions.find(one => isSameProcess(one, session));
    return sample?.ignores_hangup === true;
  }

  private sessionOf(pid: number, start_ticks: number): SessionRef | null {
    const sample = this.snapshot === null ? undefined : samplesOf(this.snapshot).get(pid);
    return sample?.start_ticks === start_ticks ? sample.session : null;
  }
}

const samples = new WeakMap<Snapshot, ReadonlyMap<number, ProcessSample>>();

/** By their pids: once for all views of the same moment. */
function samplesOf(snapshot: Snapshot): ReadonlyMap<number, ProcessSample> {
  let known = samples.get(snapshot);
  if (known === undefined) {
    known = new Map(snapshot.processes.map(sample => [sample.pid, sample]));
    samples.set(snapshot, known);
  }
  return known;
}

function isWithin(cgroup: string | null, path: string): boolean {
  return cgroup === path || cgroup?.startsWith(`${path}/`) === true;
}
