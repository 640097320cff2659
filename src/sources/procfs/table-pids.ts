import { existsSync } from 'node:fs';
import type { Steps } from '../../lib/time/slices.js';
import { ProcDirectory } from './table-directory.js';
import type { ProcFiles } from './table-files.js';

/** Asking for one pid costs as much as listing this many processes. */
const LISTED_PER_PROBE = 5;
/** Fewer are always asked for. */
const FEW = 16;
/** Listed at least this often, whatever the kernel says of new pids. */
const LIST_EVERY_MS = 60_000;

/** Pids that may be new, or somebody else's; `all`: every pid there is is among them. */
export interface Arrivals {
  pids: readonly number[];
  all: boolean;
}

/**
 * Which pids are new since the last call, at the price of one small file: the last field of /proc/loadavg is
 * the pid given last, and pids are given in rising order, so all new ones lie between it and the one read
 * before: a listing that begins there has them. Where that does not work (no such counter, it started over),
 * and every minute, all of /proc is listed. Where a listing cannot begin in the middle, the few pids between
 * are asked for one by one.
 */
export class NewPids {
  private readonly directory: ProcDirectory;
  /** /proc/loadavg. */
  private fd = -1;
  /** The counter at the last call and at the one before that. */
  private to = -1;
  private middle = -1;
  private from = -1;
  private listed_ms = Number.NEGATIVE_INFINITY;
  private trusted = true;

  constructor(
    private readonly root: string,
    private readonly files: ProcFiles,
  ) {
    this.directory = new ProcDirectory(root, files);
  }

  *next(now_ms: number, known: ReadonlyMap<number, unknown>): Steps<Arrivals> {
    // From the call before the last on: what was given then may have become visible only since.
    this.from = this.middle;
    this.middle = this.to;
    this.to = this.readCounter();
    const isRising = this.trusted && this.from >= 0 && this.to >= this.from;
    if (isRising && now_ms - this.listed_ms < LIST_EVERY_MS) {
      if (this.to === this.from) return { pids: [], all: false };
      const pids = this.directory.listBetween(this.from + 1, this.to) ?? this.probe(known);
      if (pids !== null) return { pids, all: false };
    }
    const listed = yield* this.directory.list();
    if (listed === null) return { pids: [], all: false };
    this.listed_ms = now_ms;
    // What was given until the listing ended may be in it, and is in the range of the next call as well.
    if (this.to >= 0) this.to = this.readCounter();
    return { pids: listed, all: true };
  }

  /** Whether this pid was given to a process since the call before the last; null: there is no telling. */
  wasGiven(pid: number): boolean | null {
    if (this.from < 0 || this.to < 0) return null;
    const { from, to } = this;
    return to >= from ? pid > from && pid <= to : pid > from || pid <= to;
  }

  /** A process came that the counter had not told of: from now on, /proc is listed each time. */
  distrust(): void {
    this.trusted = false;
  }

  /** Closes what is open; the next call lists all. */
  close(): void {
    this.listed_ms = Number.NEGATIVE_INFINITY;
    if (this.fd >= 0) this.files.close(this.fd);
    this.fd = -1;
    this.directory.close();
  }

  /** Null when listing all costs less. */
  private probe(known: ReadonlyMap<number, unknown>): number[] | null {
    if (this.to - this.from > Math.max(known.size / LISTED_PER_PROBE, FEW)) return null;
    const pids: number[] = [];
    // Most of them are gone already or are threads; this asks without the price of an exception.
    for (let pid = this.from + 1; pid <= this.to; pid++)
      if (known.has(pid) || existsSync(`${this.root}/${pid}/stat`)) pids.push(pid);
    return pids;
  }

  private readCounter(): number {
    if (this.fd < 0) this.fd = this.files.open(`${this.root}/loadavg`);
    const length = this.fd < 0 ? 0 : this.files.again(this.fd);
    return length > 0 ? lastNumber(this.files.bytes, length) : -1;
  }
}

/** The decimal number that a line ends with, or −1. */
function lastNumber(bytes: Uint8Array, length: number): number {
  let at = length;
  while (at > 0 && bytes[at - 1]! <= 32) at--;
  let value = 0;
  let scale = 1;
  for (; at > 0 && bytes[at - 1]! > 32; at--, scale *= 10) {
    const digit = bytes[at - 1]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value += digit * scale;
  }
  return value > 0 ? value : -1;
}
