import type { ProcessRef } from './snapshot.js';

/** The plain data of a process, as it is written down. */
export function refOf({ pid, start_ticks, uid, comm, cmdline }: ProcessRef): ProcessRef {
  return { pid, start_ticks, uid, comm, cmdline };
}
