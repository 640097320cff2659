import { readBytes } from '../../lib/files/bounded-read.js';

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
const STAT_BYTES = 2048;

export type Announce = (pid: number) => void;

export async function openAnnouncer(): Promise<{ announce: Announce } | { problem: string }> {
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load('libc.so.6');
    const waitid = libc.func('int waitid(int idtype, uint32_t id, void *info, int options)');
    const info = Buffer.alloc(SIGINFO_BYTES);
    const options = WNOHANG | WEXITED | WNOWAIT;
    return {
      announce: pid => {
        waitid(P_PID, pid, info, options);
        // Keys are for the terminal's foreground process group.
        const group = processGroup(pid);
        if (group !== null && group !== pid) waitid(P_PGID, group, info, options);
      },
    };
  } catch (error) {
    return { problem: `cannot call waitid(): ${error instanceof Error ? error.message : String(error)}` };
  }
}

function processGroup(pid: number): number | null {
  try {
    return parseProcessGroup(readBytes(`/proc/${pid}/stat`, STAT_BYTES).bytes.toString('latin1'));
  } catch {
    return null; // it ended
  }
}

/** Field 5 of e.g. `4711 (a (b) c) S 1 4711 4711 34816 …`; a name can contain anything, also `)`. */
export function parseProcessGroup(stat: string): number | null {
  const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  return Number.isInteger(group) && group > 0 ? group : null;
}
