import { closeSync, statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { libc } from '../os/libc.js';
import type { ProcessHandle } from './process-handle.js';

/**
 * The one module that signals processes which vigil did not start.
 *
 * 1. `pidfd_send_signal` on the held /proc/PID descriptor: reaches that process or nobody.
 * 2. Where the kernel or a filter refuses that descriptor: `pidfd_open`, then the start time is read once
 *    more through the held descriptor. If the held process still lives after the pidfd was made, the pidfd is its.
 * 3. Without either (no koffi for this platform, kernel before 5.1): kill(2) right after the start time was
 *    read. A pid would have to be freed and used again within microseconds.
 *
 * 2 and 3 take the number, so what is held must be of a real /proc: in a folder that only looks like one (a test's, a
 * recording's) it is somebody else's.
 */

export type SignalName = 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT';
export type SendResult = 'sent' | 'gone' | 'denied' | 'failed';

export interface Signaller {
  send(handle: ProcessHandle, signal: SignalName): SendResult;
}

/** The system calls, replaceable to reach the fallbacks in tests. Negative errno on failure. */
export interface SignalCalls {
  pidfdSendSignal(fd: number, signal: number): number;
  pidfdOpen(pid: number): number;
}

const { EPERM, ESRCH, EBADF, EINVAL, ENOSYS } = constants.errno;

export class ProcessSignaller implements Signaller {
  constructor(private readonly calls: SignalCalls | null = systemCalls()) {}

  send(handle: ProcessHandle, signal: SignalName): SendResult {
    const { pid } = handle.ref;
    if (pid <= 1 || pid === process.pid) return 'denied';
    const stat = handle.stat();
    if (stat === null) return 'gone';
    const number = constants.signals[signal];
    if (this.calls === null) return isOfProc(handle) ? plainKill(handle, signal) : 'failed';
    const result = this.calls.pidfdSendSignal(handle.fd, number);
    if (result !== -ENOSYS && result !== -EBADF && result !== -EINVAL) return resultOf(result);
    if (!isOfProc(handle)) return 'failed';
    return this.throughPidfd(this.calls, handle, signal);
  }

  private throughPidfd(calls: SignalCalls, handle: ProcessHandle, signal: SignalName): SendResult {
    const pidfd = calls.pidfdOpen(handle.ref.pid);
    if (pidfd === -ESRCH) return 'gone';
    if (pidfd < 0) return plainKill(handle, signal);
    try {
      if (handle.stat() === null) return 'gone';
      const result = calls.pidfdSendSignal(pidfd, constants.signals[signal]);
      return result === -ENOSYS ? plainKill(handle, signal) : resultOf(result);
    } finally {
      closeSync(pidfd);
    }
  }
}

/** PROC_SUPER_MAGIC of include/uapi/linux/magic.h. */
const PROC_MAGIC = 0x9fa0;

function isOfProc({ fd }: ProcessHandle): boolean {
  return statfsSync(`/proc/self/fd/${fd}`).type === PROC_MAGIC;
}

function plainKill(handle: ProcessHandle, signal: SignalName): SendResult {
  if (handle.stat() === null) return 'gone';
  try {
    process.kill(handle.ref.pid, signal);
    return 'sent';
  } catch (error) {
    // Node gives errno negative already.
    return resultOf((error as NodeJS.ErrnoException).errno ?? -EINVAL);
  }
}

function resultOf(result: number): SendResult {
  if (result >= 0) return 'sent';
  if (result === -ESRCH) return 'gone';
  return result === -EPERM ? 'denied' : 'failed';
}

/** Null where koffi does not know the platform. */
export function systemCalls(): SignalCalls | null {
  const c = libc();
  return c === null ? null : { pidfdSendSignal: c.pidfd_send_signal, pidfdOpen: c.pidfd_open };
}
