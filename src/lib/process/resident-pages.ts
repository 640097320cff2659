import { closeSync } from 'node:fs';
import { readText } from '../files/bounded-read.js';
import { libc } from '../os/libc.js';
import { systemCalls } from './signal.js';

/** Gives back what a program needs no more of its own files: code that runs at the start only. */

/** asm-generic/mman-common.h */
const MADV_PAGEOUT = 21;
/** UIO_MAXIOV, readv(2). */
const MAX_RANGES = 1024;
const MAPS_BYTES = 1024 * 1024;
const IOVEC_BYTES = 16;

interface Range {
  start: number;
  end: number;
}

/**
 * Takes the clean pages of files from another process, as a machine short of memory would: what is used again is read
 * again. Those that a third process has mapped stay (the kernel's rule for MADV_PAGEOUT). Does nothing where that
 * cannot be done: before Linux 5.10, or without CAP_SYS_NICE and CAP_SYS_PTRACE.
 */
export async function pageOut(pid: number): Promise<void> {
  let pidfd = -1;
  try {
    const ranges = readOnlyFiles(readText(`/proc/${pid}/maps`, MAPS_BYTES)).slice(0, MAX_RANGES);
    pidfd = systemCalls()?.pidfdOpen(pid) ?? -1;
    if (pidfd < 0 || ranges.length === 0) return;
    const iovec = Buffer.alloc(ranges.length * IOVEC_BYTES);
    for (const [i, { start, end }] of ranges.entries()) {
      iovec.writeBigUInt64LE(BigInt(start), i * IOVEC_BYTES);
      iovec.writeBigUInt64LE(BigInt(end - start), i * IOVEC_BYTES + 8);
    }
    await libc()?.process_madvise(pidfd, iovec, ranges.length, MADV_PAGEOUT);
  } catch {
    // It ended, or keeps its memory.
  } finally {
    if (pidfd >= 0) closeSync(pidfd);
  }
}

/** Mappings of files that are not written through: `start-end perms offset dev inode path`, proc_pid_maps(5). */
export function readOnlyFiles(maps: string): Range[] {
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-[-x]p \S+ \S+ [1-9]\d* +\/.*$/gm)].map(
    ([, start, end]) => ({ start: Number.parseInt(start!, 16), end: Number.parseInt(end!, 16) }),
  );
}
