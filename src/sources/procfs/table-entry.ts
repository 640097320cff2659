import { PAGE_SIZE_BYTES, TICKS_PER_SECOND, ticksToEpochMs } from '../../lib/os/boot.js';
import { PF_FORKNOEXEC } from '../../lib/proc/stat.js';
import type { StatFields } from '../../lib/proc/stat-bytes.js';
import type { ProcessSample } from '../../model/snapshot.js';
import { type Constants, NO_DETAILS } from './table-details.js';

/** A process as /proc shows it; which session it came from is said elsewhere: `session` is null here. */
export interface TableRow extends ProcessSample {
  vsize_bytes: number;
}

/** Timers are never exact: what is due so soon is due now. */
export const JITTER_MS = 50;
/** A process that said nothing new in so many readings on end is read less often, … */
const QUIET_READINGS = 5;
/** … so long after the last time: a state must be noticed within 10 s, whatever the interval. */
const REST_MS = 4_000;
/** Two readings closer than this say nothing about CPU: a tick is 10 ms. */
const MIN_ELAPSED_MS = 100;

/** What is known of one process. */
export interface Entry {
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

/** A process at first sight, due again in the next sample. `listed`: the number of this one. */
export function firstEntry(
  { pid, fd, comm, listed }: Pick<Entry, 'pid' | 'fd' | 'listed'> & { comm: string },
  fields: StatFields,
  constants: Constants,
  now_ms: number,
): Entry {
  return {
    pid,
    fd,
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
    listed,
    row: firstRow(pid, comm, fields, constants),
  };
}

function firstRow(pid: number, comm: string, fields: StatFields, constants: Constants): TableRow {
  return {
    pid,
    start_ticks: fields.start_ticks,
    uid: constants.uid,
    comm,
    // Read a moment later, with those of others.
    cmdline: `[${comm}]`,
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

/** Takes in a reading of the same process: another row if it says something new, and when to read it next. */
export function takeReading(entry: Entry, fields: StatFields, now_ms: number): void {
  const { row } = entry;
  const cpu_percent = takeCpu(entry, fields, now_ms);
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
    const next = { ...row };
    if (isDead(fields.state)) Object.assign(next, NO_DETAILS);
    next.ppid = fields.ppid;
    next.pgid = fields.pgid;
    next.sid = fields.sid;
    next.state = String.fromCharCode(fields.state);
    next.threads = fields.threads;
    next.cpu_percent = cpu_percent;
    next.rss_bytes = rss_bytes;
    next.vsize_bytes = fields.vsize_bytes;
    entry.row = next;
    entry.quiet = 0;
  } else entry.quiet++;
  entry.due_ms = nextReading(entry, now_ms);
}

function takeCpu(entry: Entry, fields: StatFields, now_ms: number): number | null {
  const elapsed_ms = now_ms - entry.cpu_read_ms;
  if (elapsed_ms < MIN_ELAPSED_MS) return entry.row.cpu_percent;
  const seconds = (fields.cpu_ticks - entry.cpu_ticks) / TICKS_PER_SECOND;
  entry.cpu_ticks = fields.cpu_ticks;
  entry.cpu_read_ms = now_ms;
  return Math.max((seconds * 100_000) / elapsed_ms, 0);
}

/** What hangs or runs is read each time; the others take turns, so that no sample has them all. */
function nextReading(entry: Entry, now_ms: number): number {
  const { state } = entry.row;
  if (entry.quiet < QUIET_READINGS || state === 'D' || state === 'R') return Number.NEGATIVE_INFINITY;
  const rest_ms = entry.quiet === QUIET_READINGS ? ((entry.pid % 4) * REST_MS) / 4 : REST_MS;
  return now_ms + rest_ms - JITTER_MS;
}

/** Its program, or its name, is no longer the one that is known. Of the dead nothing can be read. */
export function isAnother(entry: Entry, fields: StatFields): boolean {
  if (isDead(fields.state)) return false;
  return (
    entry.execed ||
    fields.comm_hash !== entry.comm_hash ||
    (fields.stack !== entry.stack && fields.stack !== 0) ||
    ((fields.flags ^ entry.flags) & PF_FORKNOEXEC) !== 0
  );
}

/** Z or X: it ended, only its parent has not asked for the result. */
export function isDead(state: number): boolean {
  return state === 90 || state === 88;
}
