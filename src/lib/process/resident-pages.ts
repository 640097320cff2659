import { closeSync } from 'node:fs';
import { readBytesAside, readText } from '../files/bounded-read.js';
import { libc } from '../os/libc.js';
import { systemCalls } from './signal.js';

/** Gives back what a program needs no more of its own files: code that runs at the start only. */

/** asm-generic/mman-common.h */
const MADV_DONTNEED = 4;
const MADV_PAGEOUT = 21;
/** UIO_MAXIOV, readv(2). */
const MAX_RANGES = 1024;
const MAPS_BYTES = 1024 * 1024;
const SMAPS_BYTES = 4 * 1024 * 1024;
const IOVEC_BYTES = 16;
/** When what a start needs has run. */
const FIRST_MS = 20_000;
const AGAIN_MS = 10 * 60_000;

/** For the environment that Node.js starts with: else each of its threads has a heap of its own. Of glibc, mallopt(3). */
export const ONE_HEAP = { name: 'MALLOC_ARENA_MAX', value: '1' } as const;

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

/**
 * Keeps this process itself small, until the function that it returns is called: from time to time it lets go of free
 * heap and of the pages of its program. They stay in the page cache: what runs again is mapped again.
 */
export function keepSmall(): () => void {
  delete process.env[ONE_HEAP.name];
  const first = setTimeout(dropOwnPages, FIRST_MS).unref();
  const again = setInterval(dropOwnPages, AGAIN_MS).unref();
  return () => {
    clearTimeout(first);
    clearInterval(again);
  };
}

/** Never rejects. */
export async function dropOwnPages(): Promise<void> {
  try {
    const { bytes } = await readBytesAside('/proc/self/smaps', SMAPS_BYTES);
    for (const { start, end } of unchangedMappings(bytes.toString('latin1'), process.execPath))
      libc()?.madvise(start, end - start, MADV_DONTNEED);
    libc()?.malloc_trim?.(0);
  } catch {
    // It keeps its memory.
  }
}

/**
 * Mappings of one file that hold the file and nothing else, from proc_pid_smaps(5): relocations, or a breakpoint of
 * somebody who traces it, would be lost.
 */
export function unchangedMappings(smaps: string, file: string): Range[] {
  const found: Range[] = [];
  for (const part of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [range] = readOnlyFiles(part);
    const path = part.slice(0, part.indexOf('\n')).replace(/^(?:\S+ +){5}/, '');
    if (range !== undefined && path === file && /^Anonymous: +0 kB$/m.test(part)) found.push(range);
  }
  return found;
}
