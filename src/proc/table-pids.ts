import { existsSync, readdirSync } from 'node:fs';
import type { ProcFiles } from './table-files.js';

/** Asking for one pid costs as much as listing this many processes. */
const LISTED_PER_PROBE = 5;
/** Fewer are always asked for. */
const FEW = 16;
/** Listed at least this often, whatever the kernel says of new pids. */
const LIST_EVERY_MS = 60_000;

/**
 * Which pids are new since the last call, at the price of one small file: the last field of /proc/loadavg is
 * the pid given last, and pids are given in rising order, so all new ones lie between it and the one read
 * before. Where that does not work (no such counter, many new pids, the counter started over), and every
 * minute, all of /proc is listed.
 */
export class NewPids {
  /** The counter at the last call and at the one before that. */
  private to = -1;
  private middle = -1;
  private from = -1;
  private listed_ms = Number.NEGATIVE_INFINITY;
  private trusted = true;

  constructor(
    private readonly root: string,
    private readonly files: ProcFiles,
  ) {}

  /** Pids that may be new, or somebody else's; `all`: every pid there is is among them. */
  next(now_ms: number, known: ReadonlyMap<number, unknown>): { pids: readonly number[]; all: boolean } {
    // From the call before the last on: what was given then may have become visible only since.
    this.from = this.middle;
    this.middle = this.to;
    this.to = this.readCounter();
    const count = this.to - this.from;
    const most = Math.max(known.size / LISTED_PER_PROBE, FEW);
    const isFew = this.trusted && this.from >= 0 && count >= 0 && count <= most;
    if (isFew && now_ms - this.listed_ms < LIST_EVERY_MS) return { pids: this.probe(known), all: false };
    const listed = this.list();
    if (listed === null) return { pids: [], all: false };
    this.listed_ms = now_ms;
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

  private probe(known: ReadonlyMap<number, unknown>): number[] {
    const pids: number[] = [];
    // Most of them are gone already or are threads; this asks without the price of an exception.
    for (let pid = this.from + 1; pid <= this.to; pid++)
      if (known.has(pid) || existsSync(`${this.root}/${pid}/stat`)) pids.push(pid);
    return pids;
  }

  private readCounter(): number {
    const pid = Number(this.files.text(`${this.root}/loadavg`)?.trimEnd().split(' ')[4] ?? -1);
    return Number.isInteger(pid) && pid > 0 ? pid : -1;
  }

  /** Null when there was no descriptor for it. */
  private list(): number[] | null {
    let names: string[];
    try {
      names = readdirSync(this.root);
    } catch (error) {
      if (this.files.ranOut(error)) return null;
      throw error;
    }
    const pids: number[] = [];
    for (const name of names) {
      const first = name.charCodeAt(0);
      if (first >= 48 && first <= 57) pids.push(Number(name));
    }
    return pids;
  }
}
