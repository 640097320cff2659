import { parseStatBytes, StatFields } from '../../lib/proc/stat-bytes.js';
import type { Work } from '../../lib/time/in-turns.js';
import { listPids } from '../../sources/procfs/read.js';
import { ProcDirectory } from '../../sources/procfs/table-directory.js';
import { ProcFiles } from '../../sources/procfs/table-files.js';

/** What tells who belongs together. */
export interface IndexedProcess {
  pid: number;
  ppid: number;
  pgid: number;
  start_ticks: number;
  /** One letter, proc_pid_stat(5). */
  state: string;
}

/** For whom vigil reads what it does itself: nobody's turn is waited for. */
export const OURSELVES = -1;

/** Processes that are read between two turns of the event loop: some ms. */
const STEP = 512;

/**
 * Parent and process group of every process: one file each, read once for all who want to know. Every user can have
 * trees and groups looked for, and there may be tens of thousands of processes.
 */
export class ProcessIndex {
  private processes: ReadonlyMap<number, IndexedProcess> = new Map();
  private children: Map<number, IndexedProcess[]> | null = null;
  private groups: Map<number, IndexedProcess[]> | null = null;
  private read_ms = Number.NEGATIVE_INFINITY;
  /** By the uid for whom it is read. */
  private readonly readings = new Map<number | null, { begun: boolean; done: Promise<void> }>();
  private readonly files = new ProcFiles(0);
  private readonly fields = new StatFields();

  constructor(
    private readonly root: string,
    private readonly now_ms: () => number = () => performance.now(),
  ) {}

  /**
   * Sees to it that what is known is no older than this at the call. Whoever asks reads it in his own turns, and all who
   * ask for the same uid have one reading together: nobody waits for somebody else's turn.
   */
  *refresh(max_age_ms: number, uid: number | null): Work<void> {
    if (this.isFresh(max_age_ms)) return;
    const underWay = this.readings.get(uid);
    // What was begun before this call may be older than what is asked for.
    if (underWay !== undefined && (max_age_ms > 0 || !underWay.begun)) yield underWay.done;
    else yield* this.read(uid);
  }

  private *read(uid: number | null): Work<void> {
    let end = () => {};
    const reading = {
      begun: false,
      done: new Promise<void>(resolve => {
        end = resolve;
      }),
    };
    this.readings.set(uid, reading);
    try {
      yield;
      reading.begun = true;
      const begin_ms = this.now_ms();
      const pids = yield* new ProcDirectory(this.root, this.files).list();
      if (pids === null) throw new Error(`no descriptor is left to list ${this.root} with`);
      const found = new Map<number, IndexedProcess>();
      for (let at = 0; at < pids.length; at += STEP) {
        yield;
        for (const pid of pids.slice(at, at + STEP)) this.add(pid, found);
      }
      // Somebody whose turn came more often may know better.
      if (begin_ms > this.read_ms) this.take(found, begin_ms);
    } finally {
      if (this.readings.get(uid) === reading) this.readings.delete(uid);
      end();
    }
  }

  /** The same at once. */
  refreshNow(max_age_ms: number): void {
    if (this.isFresh(max_age_ms)) return;
    const found = new Map<number, IndexedProcess>();
    const begin_ms = this.now_ms();
    for (const pid of listPids(this.root)) this.add(pid, found);
    this.take(found, begin_ms);
  }

  get all(): ReadonlyMap<number, IndexedProcess> {
    return this.processes;
  }

  group(pgid: number): IndexedProcess[] {
    this.groups ??= by(this.processes.values(), process => process.pgid);
    return this.groups.get(pgid) ?? [];
  }

  /** The pid and those of all its descendants, parents first. */
  tree(root: number): number[] {
    this.children ??= by(this.processes.values(), process => process.ppid);
    const { children } = this;
    const all = new Set([root]);
    // A set is walked in the order of insertion, and what is added meanwhile is walked too.
    for (const pid of all) for (const child of children.get(pid) ?? []) all.add(child.pid);
    return [...all];
  }

  private isFresh(max_age_ms: number): boolean {
    return this.now_ms() - this.read_ms <= max_age_ms;
  }

  private add(pid: number, into: Map<number, IndexedProcess>): void {
    const { files, fields } = this;
    const length = files.read(`${this.root}/${pid}/stat`);
    if (length <= 0 || !parseStatBytes(files.bytes, length, false, fields)) return;
    const { ppid, pgid, start_ticks } = fields;
    into.set(pid, { pid, ppid, pgid, start_ticks, state: String.fromCharCode(fields.state) });
  }

  private take(found: Map<number, IndexedProcess>, read_ms: number): void {
    this.processes = found;
    this.children = null;
    this.groups = null;
    this.read_ms = read_ms;
  }
}

function by(
  processes: Iterable<IndexedProcess>,
  key: (process: IndexedProcess) => number,
): Map<number, IndexedProcess[]> {
  const lists = new Map<number, IndexedProcess[]>();
  for (const process of processes) {
    const list = lists.get(key(process));
    if (list === undefined) lists.set(key(process), [process]);
    else list.push(process);
  }
  return lists;
}
