import { readlinkSync } from 'node:fs';
import { arch } from 'node:process';
import { readText, tryList } from '../../lib/files/bounded-read.js';

/** Number of the read system call, first field of /proc/PID/syscall. */
const READ_SYSCALL: Record<string, string> = { x64: '0', arm64: '63', riscv64: '63' };

/** What reads line by line has a few threads, and the first ones are listed first: each costs 20 µs. */
const MAX_THREADS = 64;

/**
 * True when a thread of the process sits in read() on a terminal: the classic sign of a program that
 * waits for a line. Costs nothing until asked, unlike probes on read(), which every process would pay.
 *
 * Source: /proc/PID/task/TID/syscall, `0 0x0 0x7ffe… 0x400 …` (number, then arguments) for a blocked call,
 * `running` otherwise; proc_pid_syscall(5). Without the right to trace, the wait channel must do.
 */
export function isBlockedOnTerminal(root: string, pid: number): boolean {
  return tryList(`${root}/${pid}/task`, MAX_THREADS).some(tid =>
    threadIsBlocked(`${root}/${pid}/task/${tid}`),
  );
}

function threadIsBlocked(task: string): boolean {
  try {
    const [call, fd] = readText(`${task}/syscall`).split(' ');
    if (call !== READ_SYSCALL[arch] || fd === undefined) return false;
    return /^\/dev\/(pts\/|tty)/.test(readlinkSync(`${task}/fd/${Number(fd)}`));
  } catch {
    try {
      return readText(`${task}/wchan`) === 'n_tty_read';
    } catch {
      return false;
    }
  }
}
