import { type Memory, memoryOf, type ProcessMemory } from '../../lib/proc/process-memory.js';
import { PF_KTHREAD } from '../../lib/proc/stat.js';
import { parseStatBytes, StatFields } from '../../lib/proc/stat-bytes.js';
import type { Work } from '../../lib/time/in-turns.js';
import { atOnce, inSlices, type Steps } from '../../lib/time/slices.js';
import { CostlyFields } from './table-costly.js';
import { DetailReader, parseCmdline } from './table-details.js';
import { type Entry, firstEntry, isAnother, isDead, type TableRow, takeReading } from './table-entry.js';
import { FULL, GONE, keptFilesLimit, ProcFiles } from './table-files.js';
import { type Arrivals, NewPids } from './table-pids.js';

export type { TableRow };

export interface TableOptions {
  /** Of /proc. */
  root?: string;
  /** How many files may be kept open. Default: what the limit of this process leaves. */
  max_kept?: number;
}

/** Without a counter of pids: how long a pid of a kernel thread is taken for one still. */
const KERNEL_MS = 60_000;
/** Processes looked at in one step. */
const STEP = 32;
/** Forks told of between two samples; beyond it, listing /proc finds the rest. */
const MAX_TOLD = 4_096;

/**
 * All processes but kernel threads, sample after sample, at nearly the cost of the system calls alone.
 *
 * Every /proc/PID/stat stays open and is read in place: the descriptor belongs to that one process, a read
 * after its end fails, whoever has the pid then. Rows are never changed: one that says nothing new is the same
 * object as in the sample before, so rows may be kept and compared.
 */
export class ProcessTable {
  private readonly root: string;
  private readonly files: ProcFiles;
  private readonly details: DetailReader;
  private readonly pids: NewPids;
  private readonly fields = new StatFields();
  private readonly entries = new Map<number, Entry>();
  private readonly costly: CostlyFields;
  private readonly kernel = new Set<number>();
  private readonly told = new Set<number>();
  private sample_number = 0;
  private kernel_ms = Number.NEGATIVE_INFINITY;
  private readonly memory: ProcessMemory;
  /** Their command lines are to be read. */
  private readonly unnamed = new Set<Entry>();

  constructor({ root = '/proc', max_kept = keptFilesLimit() }: TableOptions = {}) {
    this.root = root;
    this.files = new ProcFiles(max_kept);
    this.details = new DetailReader(root, this.files);
    this.pids = new NewPids(root, this.files);
    this.costly = new CostlyFields(this.details, this.entries, entry => this.unnamed.add(entry));
    this.memory = memoryOf(root);
  }

  /**
   * One row for each process. `now_ms` is a monotonic clock's; CPU is since the process was last read.
   * `close`: pids that are read at every sample, costly fields and all, whatever they do.
   * Throws when /proc itself cannot be listed.
   */
  sample(now_ms: number, close: readonly number[] = []): TableRow[] {
    return atOnce(this.steps(() => now_ms, close, false));
  }

  /** The same between everything else that the event loop has to do; one at a time. */
  sampleAside(now_ms: number, close: readonly number[] = []): Promise<TableRow[]> {
    const started_ms = performance.now();
    return inSlices(this.steps(() => now_ms + performance.now() - started_ms, close, true));
  }

  private *steps(clock: () => number, close: readonly number[], mayWait: boolean): Work<TableRow[]> {
    this.sample_number++;
    let now_ms = clock();
    const arrivals = yield* this.pids.next(now_ms, this.entries);
    if (arrivals.all) this.keepOnly(arrivals.pids);
    for (const pid of arrivals.pids) if (this.pids.wasGiven(pid) === true) this.wake(pid);
    for (const pid of close) this.wake(pid);
    let read = 0;
    for (const entry of this.entries.values()) {
      if (now_ms < entry.due_ms) continue;
      this.reread(entry, now_ms);
      if (++read % STEP > 0) continue;
      yield;
      now_ms = clock();
    }
    yield* this.welcome(arrivals, now_ms);
    yield* this.costly.steps(now_ms, close);
    yield* this.readNames(mayWait);
    if (this.files.crowded) this.stepBack();
    const rows: TableRow[] = [];
    for (const entry of this.entries.values()) rows.push(entry.row);
    return rows;
  }

  /** As of the last sample. */
  get(pid: number): TableRow | undefined {
    return this.entries.get(pid)?.row;
  }

  /** The kernel told of a new process: it will be in the next sample if it still lives. */
  forked(pid: number): void {
    if (this.told.size < MAX_TOLD) this.told.add(pid);
  }

  /** The kernel told of an exec: name, arguments and user are read again in the next sample. */
  execed(pid: number): void {
    const entry = this.entries.get(pid);
    if (entry === undefined) this.forked(pid);
    else {
      entry.execed = true;
      entry.due_ms = Number.NEGATIVE_INFINITY;
    }
  }

  /**
   * The kernel told of an exit: the next sample looks whether it is gone or a zombie. What no sample has seen yet is
   * gone, as nearly all that a build starts; as a zombie its pid is listed.
   */
  exited(pid: number): void {
    this.told.delete(pid);
    this.wake(pid);
  }

  /** The next sample reads all processes, however still they were. */
  wakeAll(): void {
    for (const entry of this.entries.values()) entry.due_ms = Number.NEGATIVE_INFINITY;
  }

  /** Closes all files; the next sample starts from nothing. */
  stop(): void {
    for (const entry of [...this.entries.values()]) this.drop(entry);
    this.kernel.clear();
    this.unnamed.clear();
    this.pids.close();
  }

  private wake(pid: number): void {
    const entry = this.entries.get(pid);
    if (entry !== undefined) entry.due_ms = Number.NEGATIVE_INFINITY;
  }

  /** Processes that are not in the listing are gone: an open file of another filesystem would not say so. */
  private keepOnly(listed: readonly number[]): void {
    for (const pid of listed) {
      const entry = this.entries.get(pid);
      if (entry !== undefined) entry.listed = this.sample_number;
    }
    for (const entry of this.entries.values()) if (entry.listed !== this.sample_number) this.drop(entry);
  }

  private reread(entry: Entry, now_ms: number): void {
    const length = entry.fd >= 0 ? this.files.again(entry.fd) : this.files.read(this.statPath(entry.pid));
    if (length === FULL) return;
    const { fields } = this;
    if (!(length > 0 && parseStatBytes(this.files.bytes, length, false, fields))) this.drop(entry);
    else if (fields.start_ticks !== entry.start_ticks) {
      this.drop(entry);
      this.admit(entry.pid, now_ms);
    } else {
      takeReading(entry, fields, now_ms);
      if (isAnother(entry, fields)) this.renew(entry);
    }
  }

  private renew(entry: Entry): void {
    const { fields } = this;
    entry.execed = false;
    entry.comm_hash = fields.comm_hash;
    entry.stack = fields.stack;
    entry.flags = fields.flags;
    const comm = this.comm();
    const constants = this.details.constants(entry.pid);
    this.unnamed.add(entry);
    entry.row = { ...entry.row, comm, ...(constants ?? {}) };
  }

  private *welcome(arrivals: Arrivals, now_ms: number): Steps<void> {
    const unsure = now_ms - this.kernel_ms >= KERNEL_MS;
    if (unsure) this.kernel_ms = now_ms;
    for (const [i, pid] of arrivals.pids.entries()) {
      if (i % STEP === 0) yield;
      if (this.entries.has(pid)) continue;
      const given = this.pids.wasGiven(pid);
      // A kernel thread stays one until its pid is given anew.
      if (this.kernel.has(pid) && !(given ?? unsure)) continue;
      if (this.admit(pid, now_ms) && given === false && !this.told.has(pid)) this.pids.distrust();
    }
    const told = [...this.told];
    this.told.clear();
    for (const [i, pid] of told.entries()) {
      if (i % STEP === 0) yield;
      if (!this.entries.has(pid)) this.admit(pid, now_ms);
    }
  }

  /** Takes in a process at first sight. False for kernel threads, other threads, and what is gone. */
  private admit(pid: number, now_ms: number): boolean {
    const { fields, files } = this;
    const { failures } = files;
    const fd = files.open(this.statPath(pid));
    if (fd === FULL) this.forked(pid);
    if (fd < 0) return false;
    const length = files.again(fd);
    const isProcess = length > 0 && parseStatBytes(files.bytes, length, true, fields) && this.isWanted(pid);
    const comm = isProcess ? this.comm() : '';
    const constants = isProcess ? this.details.constants(pid) : null;
    if (constants === null) {
      if (files.failures > failures) this.forked(pid);
      files.close(fd);
      return false;
    }
    const known = { pid, fd: files.keep(fd) ? fd : GONE, comm, listed: this.sample_number };
    const entry = firstEntry(known, fields, constants, now_ms);
    this.entries.set(pid, entry);
    this.unnamed.add(entry);
    return true;
  }

  /** Many at once cost less than one after the other; what cannot be told now is asked again in the next sample. */
  private *readNames(mayWait: boolean): Work<void> {
    const entries = [...this.unnamed];
    for (let from = 0; from < entries.length; from += STEP) {
      const some = entries.slice(from, from + STEP);
      const pids = some.map(({ pid }) => pid);
      const found = mayWait
        ? yield* this.memory.readInTurns(pids, 'cmdline')
        : this.memory.readAll(pids, 'cmdline');
      for (const [i, entry] of some.entries()) this.takeName(entry, found[i]!);
      yield;
    }
  }

  private takeName(entry: Entry, found: Memory): void {
    if (found === 'unknown' && this.entries.get(entry.pid) === entry) return;
    this.unnamed.delete(entry);
    const { row } = entry;
    if (found === null || found === 'unknown' || isDead(row.state.charCodeAt(0))) return;
    const cmdline = parseCmdline(found, found.length) || `[${row.comm}]`;
    if (cmdline !== row.cmdline) entry.row = { ...row, cmdline };
  }

  private isWanted(pid: number): boolean {
    const { fields } = this;
    if ((fields.flags & PF_KTHREAD) !== 0) {
      this.kernel.add(pid);
      return false;
    }
    this.kernel.delete(pid);
    // /proc/TID answers for threads too, though no listing has them.
    return fields.exit_signal >= 0;
  }

  /** Of what was parsed last: before another file is read. */
  private comm(): string {
    return this.files.bytes.toString('utf8', this.fields.comm_from, this.fields.comm_to);
  }

  private drop(entry: Entry): void {
    if (entry.fd >= 0) this.files.release(entry.fd);
    this.entries.delete(entry.pid);
    this.unnamed.delete(entry);
  }

  private stepBack(): void {
    for (const entry of this.entries.values()) {
      if (!this.files.crowded) return;
      if (entry.fd < 0) continue;
      this.files.release(entry.fd);
      entry.fd = GONE;
    }
  }

  private statPath(pid: number): string {
    return `${this.root}/${pid}/stat`;
  }
}
