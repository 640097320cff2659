import type { ProcessRef } from './snapshot.js';

/** What tells a process from the next one with its pid. */
type Identity = Pick<ProcessRef, 'pid' | 'start_ticks'>;

/** The plain data of a process, as it is written down. */
export function refOf({ pid, start_ticks, uid, comm, cmdline }: ProcessRef): ProcessRef {
  return { pid, start_ticks, uid, comm, cmdline };
}

export function isSameProcess(a: Identity, b: Identity): boolean {
  return a.pid === b.pid && a.start_ticks === b.start_ticks;
}
