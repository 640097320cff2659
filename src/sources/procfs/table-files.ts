import { closeSync, openSync, readSync } from 'node:fs';
import { failureOf, readText } from '../../lib/files/bounded-read.js';

/** What every reading goes through: one buffer, files kept open as far as the limit on them allows. */

/** No file of /proc that is read here needs more; longer ones are cut. */
const BUFFER_BYTES = 16 * 1024;

/** Descriptors that everything else in this process may need. */
const HEADROOM = 512;
/** Each kept file holds a page of kernel memory: not without end, whatever the limit is. */
const MAX_KEPT = 32_768;

/** How many files may be kept open under the limit of this process, `Max open files` of proc_pid_limits(5). */
export function keptFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readText('/proc/self/limits'))?.[1];
    const limit = soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft ?? 1024);
    return Math.min(Math.max(limit - HEADROOM, 0), MAX_KEPT);
  } catch {
    return 0;
  }
}

/** Nothing there, or nothing that may be read. */
export const GONE = -1;
/** No descriptor or memory was left to read it with: what it holds is not known. */
export const FULL = -2;
/** So many kept files are closed when descriptors run out. */
const STEP_BACK = 64;

export class ProcFiles {
  readonly bytes = Buffer.allocUnsafe(BUFFER_BYTES);
  private kept = 0;
  private ran_out = 0;

  constructor(private limit: number) {}

  /** Length of what the file holds, put into `bytes`, or GONE or FULL. */
  read(path: string): number {
    const fd = this.open(path);
    if (fd < 0) return fd;
    const length = this.again(fd);
    closeSync(fd);
    return length;
  }

  /** The same for an open file; GONE when its process is (ESRCH), also where the pid was given anew. */
  again(fd: number): number {
    try {
      return readSync(fd, this.bytes, 0, BUFFER_BYTES, 0);
    } catch (error) {
      return this.ranOut(error) ? FULL : GONE;
    }
  }

  /** Null as for `read`. The last line is left out where the file is longer than what is read of it. */
  text(path: string): string | null {
    const length = this.read(path);
    if (length < 0) return null;
    const end = length < BUFFER_BYTES ? length : this.bytes.lastIndexOf(10) + 1;
    return this.bytes.toString('utf8', 0, end);
  }

  /** How often descriptors or memory ran out: what was read meanwhile may be less than there is. */
  get failures(): number {
    return this.ran_out;
  }

  /** A descriptor, or GONE or FULL. */
  open(path: string): number {
    try {
      return openSync(path, 'r');
    } catch (error) {
      return this.ranOut(error) ? FULL : GONE;
    }
  }

  /** True when this failed for want of descriptors or memory: then fewer files are kept from here on. */
  ranOut(error: unknown): boolean {
    if (failureOf(error) !== 'ours') return false;
    this.ran_out++;
    if (!this.crowded) this.limit = Math.max(Math.min(this.limit, this.kept) - STEP_BACK, 0);
    return true;
  }

  close(fd: number): void {
    closeSync(fd);
  }

  /** Whether this open file may stay open; if not, it is closed. */
  keep(fd: number): boolean {
    if (this.kept < this.limit) {
      this.kept++;
      return true;
    }
    closeSync(fd);
    return false;
  }

  release(fd: number): void {
    this.kept--;
    closeSync(fd);
  }

  /** Descriptors ran out: some kept files must be released. */
  get crowded(): boolean {
    return this.kept > this.limit;
  }
}
