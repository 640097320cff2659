import { createRequire } from 'node:module';
import type koffiModule from 'koffi';

/**
 * The few functions of the C library that Node has no API for. All of this may be absent (a platform that
 * koffi does not know): then `libc()` answers null, and each user says what that costs.
 */
export interface Libc {
  getsockopt(fd: number, level: number, name: number, value: Buffer, length: Uint32Array): number;
  flock(fd: number, operation: number): number;
  errno(): number;
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, data: Buffer, bytes: number, flags: number, to: Buffer, toBytes: number): number;
  close(fd: number): number;
  adjtimex(timex: Buffer): number;
  /** Not in every C library. */
  malloc_trim: ((keep_bytes: number) => number) | null;
  madvise(address: number, bytes: number, advice: number): number;
  /** process_madvise(2), on a thread: it takes some 20 ms for a large program. */
  process_madvise(pidfd: number, iovec: Buffer, count: number, advice: number): Promise<void>;
}

/** include/uapi/asm-generic/unistd.h: the same number on every architecture that Node runs on. */
const SYS_PROCESS_MADVISE = 440;

let loaded: Libc | null | undefined;

export function libc(): Libc | null {
  if (loaded === undefined) loaded = load();
  return loaded;
}

function load(): Libc | null {
  try {
    // Loaded on first use: the command line client has no need of it.
    const koffi = createRequire(import.meta.url)('koffi') as typeof koffiModule;
    const library = koffi.load(null);
    const processMadvise = library.func('syscall', 'long', [
      'long',
      'int',
      'void *',
      'size_t',
      'int',
      'uint',
    ]);
    return {
      getsockopt: library.func('int getsockopt(int, int, int, void *, _Inout_ uint32_t *)'),
      flock: library.func('int flock(int, int)'),
      errno: () => koffi.errno(),
      socket: library.func('int socket(int, int, int)'),
      sendto: library.func('long sendto(int, const void *, size_t, int, const void *, uint32_t)'),
      close: library.func('int close(int)'),
      adjtimex: library.func('int adjtimex(void *)'),
      malloc_trim: orNull(() => library.func('int malloc_trim(size_t)')),
      madvise: library.func('int madvise(uintptr_t, size_t, int)'),
      process_madvise: (pidfd, iovec, count, advice) =>
        new Promise(resolve => {
          processMadvise.async(SYS_PROCESS_MADVISE, pidfd, iovec, count, advice, 0, () => resolve());
        }),
    };
  } catch {
    return null;
  }
}

function orNull<T>(find: () => T): T | null {
  try {
    return find();
  } catch {
    return null;
  }
}
