import { closeSync, openSync, statfsSync } from 'node:fs';
import { eachName } from '../../lib/files/bounded-read.js';
import { libc } from '../../lib/os/libc.js';
import type { Steps } from '../../lib/time/slices.js';
import { MAX_PIDS, pidOf } from './read.js';
import type { ProcFiles } from './table-files.js';

/** PROC_SUPER_MAGIC of include/uapi/linux/magic.h. */
const PROC_MAGIC = 0x9fa0;
const SEEK_SET = 0;
/** Names read in one step. */
const STEP = 256;
/** struct linux_dirent64: where the next entry begins, this one's length and its name. */
const NEXT_AT = 8;
const LENGTH_AT = 16;
const NAME_AT = 19;
/** Fits any entry. */
const BUFFER_BYTES = 512;
/**
 * Fits six processes. What the kernel lists beyond a range costs as much as what lies in it: where pids have
 * started over there is always something beyond.
 */
const RANGE_BYTES = 192;

interface DirectoryCalls {
  lseek(fd: number, position: number, from: number): number;
  getdents64(fd: number, into: Buffer, bytes: number): number;
}

/** What is done with an entry; false ends the listing. */
type Visit = (pid: number, position: number) => boolean;

/** /proc as a directory. The kernel lists processes by rising pid, and lets a listing begin at any of them. */
export class ProcDirectory {
  private calls: DirectoryCalls | null = null;
  private fd = -1;
  private readonly entries = Buffer.allocUnsafe(BUFFER_BYTES);
  /** Position of a process in the directory less its pid; null: it is not known where in it to begin. */
  private offset: number | null | undefined;

  constructor(
    private readonly root: string,
    private readonly files: ProcFiles,
  ) {}

  /** All pids; null when there was no descriptor for it. Throws when /proc cannot be listed. */
  *list(): Steps<number[] | null> {
    const pids: number[] = [];
    try {
      for (const name of eachName(this.root, MAX_PIDS)) {
        const pid = pidOf(name);
        if (pid !== null) pids.push(pid);
        if (pids.length % STEP === 0) yield;
      }
      return pids.sort((a, b) => a - b);
    } catch (error) {
      if (this.files.ranOut(error)) return null;
      throw error;
    }
  }

  /**
   * The pids from `first` to `last`, at the price of those alone. Null where a listing can only begin at its
   * beginning: without an FFI, and when `root` is not the kernel's.
   */
  listBetween(first: number, last: number): number[] | null {
    if (this.offset === undefined) this.begin();
    if (this.offset == null) return null;
    const pids: number[] = [];
    const isRead = this.walk(this.offset + first, RANGE_BYTES, pid => {
      if (pid > last) return false;
      pids.push(pid);
      return true;
    });
    return isRead ? pids : null;
  }

  /** Closes it; the next listing opens it anew. */
  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
    this.offset = undefined;
  }

  private begin(): void {
    try {
      this.calls ??= directoryCalls();
      if (statfsSync(this.root).type === PROC_MAGIC) this.fd = openSync(this.root, 'r');
      this.offset = this.fd >= 0 ? this.findOffset() : null;
    } catch (error) {
      // For want of a descriptor it is tried again.
      if (!this.files.ranOut(error)) this.offset = null;
    }
  }

  /** The kernel adds a constant of its own to each pid: whatever it is, it must be the same for all. */
  private findOffset(): number | null {
    let offset: number | null = null;
    let isSame = true;
    const isRead = this.walk(0, BUFFER_BYTES, (pid, position) => {
      offset ??= position - pid;
      isSame = offset === position - pid;
      return isSame;
    });
    return isRead && isSame ? offset : null;
  }

  /** Visits the pids from this position on, read so many bytes at a time. An entry holds the next one's position. */
  private walk(from: number, bytes: number, visit: Visit): boolean {
    const { calls, entries, fd } = this;
    if (calls === null || calls.lseek(fd, from, SEEK_SET) !== from) return false;
    let position = from;
    for (;;) {
      const length = calls.getdents64(fd, entries, bytes);
      if (length <= 0) return length === 0;
      for (let at = 0; at < length; at += entries.readUInt16LE(at + LENGTH_AT)) {
        const pid = pidAt(entries, at + NAME_AT);
        if (pid > 0 && !visit(pid, position)) return true;
        position = entries.readUInt32LE(at + NEXT_AT);
      }
    }
  }
}

/** The number that the name at this place is, or −1. Names end with a zero byte. */
function pidAt(bytes: Buffer, at: number): number {
  let pid = 0;
  for (let byte = bytes[at++]!; byte !== 0; byte = bytes[at++]!) {
    if (byte < 48 || byte > 57) return -1;
    pid = pid * 10 + (byte - 48);
  }
  return pid;
}

/** Throws where they cannot be called. On first use: a single sample has no need of them. */
function directoryCalls(): DirectoryCalls {
  const c = libc();
  if (c?.getdents64 == null) throw new Error('the C library cannot be called');
  return { lseek: c.lseek, getdents64: c.getdents64 };
}
