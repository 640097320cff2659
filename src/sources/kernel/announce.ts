import { libc } from '../../lib/os/libc.js';
import { tryStat } from '../procfs/read.js';

/**
 * Tells the running terminal program which processes are agents, without a restart and without a system
 * call tracepoint: waitid() for a process that is no child of ours fails with ECHILD, but before it fails it
 * passes the tracepoint sched:sched_process_wait with that number. WNOWAIT: should it be a child after all,
 * nobody's exit status is taken away.
 */

const P_PID = 1;
const P_PGID = 2;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const SIGINFO_BYTES = 128;

export type Announce = (pid: number) => void;

export function openAnnouncer(): { announce: Announce } | { problem: string } {
  const c = libc();
  if (c === null) return { problem: 'cannot call waitid(): koffi does not load on this platform' };
  const info = Buffer.alloc(SIGINFO_BYTES);
  const options = WNOHANG | WEXITED | WNOWAIT;
  return {
    announce: pid => {
      c.waitid(P_PID, pid, info, options);
      // Keys are for the terminal's foreground process group.
      const group = processGroup(pid);
      if (group !== null && group !== pid) c.waitid(P_PGID, group, info, options);
    },
  };
}

function processGroup(pid: number): number | null {
  const group = tryStat('/proc', pid)?.pgid;
  return group !== undefined && group > 0 ? group : null;
}
