import type { ProcessSample } from '../collectors/snapshot.js';
import { PAGE_SIZE_BYTES, TICKS_PER_SECOND, ticksToEpochMs } from './boot.js';
import { type Constants, DetailReader, NO_DETAILS } from './table-details.js';
import { FULL, GONE, keptFilesLimit, ProcFiles } from './table-files.js';
import { largest } from './table-largest.js';
import { NewPids } from './table-pids.js';
import { PF_FORKNOEXEC, PF_KTHREAD, parseStatBytes, StatFields } from './table-stat.js';

/** A process as /proc shows it; which session it came from is said elsewhere: `session` is null here. */
export interface TableRow extends ProcessSample {
  vsize_bytes: number;
}

export interface TableOptions {
  /** Of /proc. */
  root?: string;
  /** How many files may be kept open. Default: what the limit of this process leaves. */
  max_kept?: number;
}

/** Costly fields are read for this many with the most memory and as many with the most CPU. */
const TOP = 30;
/** How old the costly fields of the processes asked for may become, and of others that used CPU since. */
const CLOSE_MS = 5_000;
const LARGEST_MS = 10_000;
/** Everybody's costly fields and constants are read once in this time, a few at each sample … */
const ROUND_MS = 60_000;
/** … but of those that used no CPU since then only after this. */
const RESTING_ROUND_MS = 600_000;
/** A process that said nothing new in so many readings on end is read less often, … */
const QUIET_READINGS = 5;
/** … so long after the last time: a state must be noticed within 10 s, whatever the interval. */
const REST_MS = 4_000;
/** Timers are never exact: what is due so soon is due now. */
const JITTER_MS = 50;
/** Two readings closer than this say nothing about CPU: a tick is 10 ms. */
const MIN_ELAPSED_MS = 100;
/** Forks told of between two samples; beyond it, listing /proc finds the rest. */
const MAX_TOLD = 4_096;

interface Entry {
  pid: number;
  /** The open stat file; negative: it is opened at each reading. */
  fd: number;
  start_ticks: number;
  cpu_ticks: number;
  cpu_read_ms: number;
  comm_hash: number;
  stack: number;
  flags: number;
  /** An exec was told of: what does not change otherwise is read again. */
  execed: boolean;
  /** Readings on end without anything new. */
  quiet: number;
  /** Not read before. */
  due_ms: number;
  /** Its costly fields were read at least once. */
  looked: boolean;
  /** When that was, or it was first seen, and its CPU time then. */
  details_ms: number;
  details_ticks: number;
  /** Number of the sample that saw it in the listing. */
  listed: number;
  row: TableRow;
}

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
  private readonly kernel = new Set<number>();
  private told = new Set<number>();
  private sample_number = 0;
  private sampled_ms = Number.NaN;
  private kernel_ms = Number.NEGATIVE_INFINITY;
  private round: Iterator<Entry> | null = null;
  private ranked_ms = Number.NEGATIVE_INFINITY;

  constructor({ root = '/proc', max_kept = keptFilesLimit() }: TableOptions = {}) {
    this.root = root;
    this.files = new ProcFiles(max_kept);
    this.details = new DetailReader(root, this.files);
    this.pids = new NewPids(root, this.files);
  }

  /**
   * One row for each process. `now_ms` is a monotonic clock's; CPU is since the process was last read.
   * `close`: pids that are read at every sample, costly fields and all, whatever they do.
   * Throws when /proc itself cannot be listed.
   */
  sample(now_ms: number, close: readonly number[] = []): TableRow[] {
    this.sample_number++;
    const arrivals = this.pids.next(now_ms, this.entries);
    if (arrivals.all) this.keepOnly(arrivals.pids);
    for (const pid of arrivals.pids) if (this.pids.wasGiven(pid) === true) this.wake(pid);
    for (const pid of close) this.wake(pid);
    for (const entry of this.entries.values()) if (now_ms >= entry.due_ms) this.reread(entry, now_ms);
    this.welcome(arrivals, now_ms);
    if (now_ms - this.ranked_ms >= LARGEST_MS - JITTER_MS) this.lookAtLargest(now_ms);
    this.lookAround(now_ms, close);
    this.sampled_ms = now_ms;
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

  /** The kernel told of an exit: the next sample looks whether it is gone or a zombie. */
  exited(pid: number): void {
    this.wake(pid);
  }

  /** Closes all files; the next sample starts from nothing. */
  stop(): void {
    for (const entry of [...this.entries.values()]) this.drop(entry);
    this.kernel.clear();
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
    } else this.update(entry, now_ms);
  }

  private update(entry: Entry, now_ms: number): void {
    const { fields } = this;
    let { row } = entry;
    let cpu_percent = row.cpu_percent;
    const elapsed_ms = now_ms - entry.cpu_read_ms;
    if (elapsed_ms >= MIN_ELAPSED_MS) {
      const seconds = (fields.cpu_ticks - entry.cpu_ticks) / TICKS_PER_SECOND;
      cpu_percent = Math.max((seconds * 100_000) / elapsed_ms, 0);
      entry.cpu_ticks = fields.cpu_ticks;
      entry.cpu_read_ms = now_ms;
    }
    const rss_bytes = fields.rss_pages * PAGE_SIZE_BYTES;
    if (
      row.state.charCodeAt(0) !== fields.state ||
      row.cpu_percent !== cpu_percent ||
      row.rss_bytes !== rss_bytes ||
      row.vsize_bytes !== fields.vsize_bytes ||
      row.threads !== fields.threads ||
      row.ppid !== fields.ppid ||
      row.pgid !== fields.pgid ||
      row.sid !== fields.sid
    ) {
      row = {
        ...row,
        ...(isDead(fields.state) ? NO_DETAILS : {}),
        ppid: fields.ppid,
        pgid: fields.pgid,
        sid: fields.sid,
        state: String.fromCharCode(fields.state),
        threads: fields.threads,
        cpu_percent,
        rss_bytes,
        vsize_bytes: fields.vsize_bytes,
      };
      entry.row = row;
      entry.quiet = 0;
    } else entry.quiet++;
    if (this.isAnother(entry)) this.renew(entry);
    entry.due_ms = this.nextReading(entry, now_ms);
  }

  /** What hangs or runs is read each time; the others take turns, so that no sample has them all. */
  private nextReading(entry: Entry, now_ms: number): number {
    const { state } = entry.row;
    if (entry.quiet < QUIET_READINGS || state === 'D' || state === 'R') return Number.NEGATIVE_INFINITY;
    const rest_ms = entry.quiet === QUIET_READINGS ? ((entry.pid % 4) * REST_MS) / 4 : REST_MS;
    return now_ms + rest_ms - JITTER_MS;
  }

  /** Its program, or its name, is no longer the one that is known. Of the dead nothing can be read. */
  private isAnother(entry: Entry): boolean {
    const { fields } = this;
    if (isDead(fields.state)) return false;
    return (
      entry.execed ||
      fields.comm_hash !== entry.comm_hash ||
      (fields.stack !== entry.stack && fields.stack !== 0) ||
      ((fields.flags ^ entry.flags) & PF_FORKNOEXEC) !== 0
    );
  }

  private renew(entry: Entry): void {
    const { fields } = this;
    entry.execed = false;
    entry.comm_hash = fields.comm_hash;
    entry.stack = fields.stack;
    entry.flags = fields.flags;
    const comm = this.comm();
    const constants = this.details.constants(entry.pid, comm);
    entry.row = { ...entry.row, comm, ...(constants ?? {}) };
  }

  private welcome(arrivals: { pids: readonly number[]; all: boolean }, now_ms: number): void {
    const unsure = now_ms - this.kernel_ms >= ROUND_MS;
    if (unsure) this.kernel_ms = now_ms;
    for (const pid of arrivals.pids) {
      if (this.entries.has(pid)) continue;
      const given = this.pids.wasGiven(pid);
      // A kernel thread stays one until its pid is given anew.
      if (this.kernel.has(pid) && !(given ?? unsure)) continue;
      if (this.admit(pid, now_ms) && given === false && !this.told.has(pid)) this.pids.distrust();
    }
    for (const pid of this.told) if (!this.entries.has(pid)) this.admit(pid, now_ms);
    this.told = new Set();
  }

  /** Takes in a process at first sight. False for kernel threads, other threads, and what is gone. */
  private admit(pid: number, now_ms: number): boolean {
    const { fields, files } = this;
    const fd = files.open(this.statPath(pid));
    if (fd < 0) return false;
    const length = files.again(fd);
    const isProcess = length > 0 && parseStatBytes(files.bytes, length, true, fields) && this.isWanted(pid);
    const comm = isProcess ? this.comm() : '';
    const constants = isProcess ? this.details.constants(pid, comm) : null;
    if (constants === null) {
      files.close(fd);
      return false;
    }
    this.entries.set(pid, {
      pid,
      fd: files.keep(fd) ? fd : GONE,
      start_ticks: fields.start_ticks,
      cpu_ticks: fields.cpu_ticks,
      cpu_read_ms: now_ms,
      comm_hash: fields.comm_hash,
      stack: fields.stack,
      flags: fields.flags,
      execed: false,
      quiet: 0,
      due_ms: Number.NEGATIVE_INFINITY,
      looked: false,
      details_ms: now_ms,
      details_ticks: fields.cpu_ticks,
      listed: this.sample_number,
      row: this.firstRow(pid, comm, constants),
    });
    return true;
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

  private firstRow(pid: number, comm: string, constants: Constants): TableRow {
    const { fields } = this;
    return {
      pid,
      start_ticks: fields.start_ticks,
      uid: constants.uid,
      comm,
      cmdline: constants.cmdline,
      ppid: fields.ppid,
      pgid: fields.pgid,
      sid: fields.sid,
      state: String.fromCharCode(fields.state),
      started_ms: ticksToEpochMs(fields.start_ticks),
      threads: fields.threads,
      cpu_percent: null,
      rss_bytes: fields.rss_pages * PAGE_SIZE_BYTES,
      vsize_bytes: fields.vsize_bytes,
      ...NO_DETAILS,
      cgroup: constants.cgroup,
      session: null,
    };
  }

  private lookAtLargest(now_ms: number): void {
    this.ranked_ms = now_ms;
    const entries = [...this.entries.values()];
    const due = new Set(largest(entries, TOP, entry => entry.row.rss_bytes));
    for (const entry of largest(entries, TOP, entry => entry.row.cpu_percent ?? 0)) due.add(entry);
    for (const entry of due)
      if (!entry.looked || mayHaveChanged(entry, now_ms, ROUND_MS)) this.look(entry, now_ms);
  }

  /** At those asked for, and at the next ones of all. */
  private lookAround(now_ms: number, close: readonly number[]): void {
    for (const pid of close) {
      const entry = this.entries.get(pid);
      if (entry !== undefined && (!entry.looked || now_ms - entry.details_ms >= CLOSE_MS - JITTER_MS))
        this.look(entry, now_ms);
    }
    const elapsed_ms = now_ms - this.sampled_ms;
    const { size } = this.entries;
    let left = Number.isNaN(elapsed_ms) ? 0 : Math.min(Math.ceil((size * elapsed_ms) / ROUND_MS), size);
    for (; left > 0; left--) {
      const entry = this.nextOfRound();
      if (entry !== undefined && mayHaveChanged(entry, now_ms, RESTING_ROUND_MS)) this.look(entry, now_ms);
    }
  }

  private nextOfRound(): Entry | undefined {
    this.round ??= this.entries.values();
    const { value, done } = this.round.next();
    if (done) this.round = null;
    return done ? undefined : value;
  }

  private look(entry: Entry, now_ms: number): void {
    entry.looked = true;
    entry.details_ms = now_ms;
    entry.details_ticks = entry.cpu_ticks;
    const { state, comm } = entry.row;
    const details = isDead(state.charCodeAt(0)) ? null : this.details.all(entry.pid, comm);
    if (details !== null) entry.row = { ...entry.row, ...details };
  }

  /** Of what was parsed last: before another file is read. */
  private comm(): string {
    return this.files.bytes.toString('utf8', this.fields.comm_from, this.fields.comm_to);
  }

  private drop(entry: Entry): void {
    if (entry.fd >= 0) this.files.release(entry.fd);
    this.entries.delete(entry.pid);
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

/** Z or X: it ended, only its parent has not asked for the result. */
function isDead(state: number): boolean {
  return state === 90 || state === 88;
}

/** It used CPU since its costly fields were read, or that was long ago: others can swap it out, for one. */
function mayHaveChanged(entry: Entry, now_ms: number, long_ms: number): boolean {
  const age_ms = now_ms - entry.details_ms;
  return age_ms >= long_ms || (age_ms >= LARGEST_MS - JITTER_MS && entry.details_ticks !== entry.cpu_ticks);
}
