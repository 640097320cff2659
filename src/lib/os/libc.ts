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
  poll(fds: Buffer, count: number, timeout_ms: number): number;
  adjtimex(timex: Buffer): number;
  lseek(fd: number, position: number, from: number): number;
  /** Not in every C library. */
  getdents64: ((fd: number, into: Buffer, bytes: number) => number) | null;
  waitid(idType: number, id: number, info: Buffer, options: number): number;
  /** Ends the process without a word to anybody in it, threads that hang included. */
  _exit(code: number): void;
  /** pidfd_send_signal(2); errno, negative, where it failed. */
  pidfd_send_signal(fd: number, signal: number): number;
  /** pidfd_open(2); errno, negative, where it failed. */
  pidfd_open(pid: number): number;
  /** Not in every C library. */
  malloc_trim: ((keep_bytes: number) => number) | null;
  madvise(address: number, bytes: number, advice: number): number;
  /** openat2(2) with a `struct open_how`; errno, negative, where it failed. */
  openat2(folder: number, path: string, how: Buffer): number;
  /** socketpair(2) into `pair`. */
  socketpair(domain: number, type: number, protocol: number, pair: Int32Array): number;
  /** sendmsg(2) of one piece of data and its control message, to the other end of a connected socket. */
  sendmsg(fd: number, data: Buffer, control: Buffer, flags: number): number;
  /** recvmsg(2) of the same. `control`: how much of the buffer was written. */
  recvmsg(fd: number, data: Buffer, control: Buffer, flags: number): { bytes: number; control: number };
  /** process_madvise(2), on a thread: it takes some 20 ms for a large program. */
  process_madvise(pidfd: number, iovec: Buffer, count: number, advice: number): Promise<void>;
}

/** include/uapi/asm-generic/unistd.h: the same numbers on every architecture that Node runs on. */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_OPENAT2 = 437;
const SYS_PROCESS_MADVISE = 440;

/** The FFI itself; on first use: the command line client has no need of it. Throws where there is none. */
export function loadKoffi(): typeof koffiModule {
  return createRequire(import.meta.url)('koffi') as typeof koffiModule;
}

let loaded: Libc | null | undefined;

export function libc(): Libc | null {
  if (loaded === undefined) loaded = load();
  return loaded;
}

function load(): Libc | null {
  try {
    const koffi = loadKoffi();
    const library = koffi.load(null);
    const orErrno = (result: number) => (result < 0 ? -koffi.errno() : result);
    const sendSignal = library.func('syscall', 'long', ['long', 'int', 'int', 'void *', 'uint']);
    const openPid = library.func('syscall', 'long', ['long', 'int', 'uint']);
    const processMadvise = library.func('syscall', 'long', [
      'long',
      'int',
      'void *',
      'size_t',
      'int',
      'uint',
    ]);
    const openat2 = library.func('syscall', 'long', ['long', 'int', 'str', 'void *', 'size_t']);
    const message = messageType(koffi);
    const sendmsg = library.func('sendmsg', 'long', ['int', koffi.pointer(message), 'int']);
    const recvmsg = library.func('recvmsg', 'long', ['int', koffi.inout(koffi.pointer(message)), 'int']);
    return {
      getsockopt: library.func('int getsockopt(int, int, int, void *, _Inout_ uint32_t *)'),
      flock: library.func('int flock(int, int)'),
      errno: () => koffi.errno(),
      socket: library.func('int socket(int, int, int)'),
      sendto: library.func('long sendto(int, const void *, size_t, int, const void *, uint32_t)'),
      close: library.func('int close(int)'),
      poll: library.func('int poll(_Inout_ void *, ulong, int)'),
      adjtimex: library.func('int adjtimex(void *)'),
      lseek: library.func('int64_t lseek(int, int64_t, int)'),
      getdents64: orNull(() => library.func('int64_t getdents64(int, void *, size_t)')),
      waitid: library.func('int waitid(int, uint32_t, void *, int)'),
      _exit: library.func('void _exit(int)'),
      pidfd_send_signal: (fd, signal) =>
        orErrno(Number(sendSignal(SYS_PIDFD_SEND_SIGNAL, fd, signal, null, 0))),
      pidfd_open: pid => orErrno(Number(openPid(SYS_PIDFD_OPEN, pid, 0))),
      openat2: (folder, path, how) => orErrno(Number(openat2(SYS_OPENAT2, folder, path, how, how.length))),
      socketpair: library.func('int socketpair(int, int, int, _Out_ int *)'),
      sendmsg: (fd, data, control, flags) => Number(sendmsg(fd, messageOf(data, control), flags)),
      recvmsg: (fd, data, control, flags) => {
        const received = messageOf(data, control);
        const bytes = Number(recvmsg(fd, received, flags));
        return { bytes, control: Number(received.controllen) };
      },
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

/** `struct msghdr` of recvmsg(2), as the C libraries of 64-bit Linux have it. */
function messageType(koffi: typeof koffiModule) {
  const piece = koffi.struct({ base: 'void *', length: 'size_t' });
  return koffi.struct({
    name: 'void *',
    namelen: 'uint32_t',
    pieces: koffi.pointer(piece),
    count: 'size_t',
    control: 'void *',
    controllen: 'size_t',
    flags: 'int',
  });
}

function messageOf(data: Buffer, control: Buffer) {
  return {
    ...{ name: null, namelen: 0, pieces: [{ base: data, length: data.length }], count: 1 },
    ...{ control, controllen: control.length, flags: 0 },
  };
}

function orNull<T>(find: () => T): T | null {
  try {
    return find();
  } catch {
    return null;
  }
}
