import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { arch } from 'node:process';

/** Number of the read system call, first field of /proc/PID/syscall. */
const READ_SYSCALL: Record<string, string> = { x64: '0', arm64: '63', riscv64: '63' };

/**
 * True when a thread of the process sits in read() on a terminal: the classic sign of a program that
 * waits for a line. Costs nothing until asked, unlike probes on read(), which every process would pay.
 *
 * Source: /proc/PID/task/TID/syscall, `0 0x0 0x7ffe… 0x400 …` (number, then arguments) for a blocked call,
 * `running` otherwise; proc_pid_syscall(5). Without the right to trace, the wait channel must do.
 */
export function isBlockedOnTerminal(root: string, pid: number): boolean {
  let tids: string[];
  try {
    tids = readdirSync(`${root}/${pid}/task`);
  } catch {
    return false;
  }
  return tids.some(tid => threadIsBlocked(`${root}/${pid}/task/${tid}`));
}

function threadIsBlocked(task: string): boolean {
  try {
    const [call, fd] = readFileSync(`${task}/syscall`, 'latin1').split(' ');
    if (call !== READ_SYSCALL[arch] || fd === undefined) return false;
    return /^\/dev\/(pts\/|tty)/.test(readlinkSync(`${task}/fd/${Number(fd)}`));
  } catch {
    try {
      return readFileSync(`${task}/wchan`, 'latin1') === 'n_tty_read';
    } catch {
      return false;
    }
  }
}
