import type { ProcessRef } from '../collectors/snapshot.js';
import type { LiveProcess, ProcessView } from './live.js';
import type { Scope } from './model.js';

/** What belongs together, as far as a scope says. */
export interface Whole {
  scope: Scope;
  /** Of the process that was named. */
  pgid: number;
  cgroup: string | null;
}

/** Key of a process that outlasts its pid. */
export const identity = (ref: Pick<ProcessRef, 'pid' | 'start_ticks'>) => `${ref.pid}:${ref.start_ticks}`;

/**
 * Members that were not known before: what was forked since, also by those that have died meanwhile as long
 * as it stayed in a process group that a known member made. The number of a group stays taken while the
 * group has members; a living stranger that leads it means that it was used again, and then it is not ours.
 */
export function newMembers(
  whole: Whole,
  known: ReadonlyMap<string, ProcessRef>,
  view: ProcessView,
): LiveProcess[] {
  return candidates(whole, known, view).filter(
    process => process.state !== 'Z' && process.state !== 'X' && !known.has(identity(process)),
  );
}

function candidates(whole: Whole, known: ReadonlyMap<string, ProcessRef>, view: ProcessView): LiveProcess[] {
  if (whole.scope === 'process') return [];
  if (whole.scope === 'cgroup') return whole.cgroup === null ? [] : view.cgroup(whole.cgroup);
  if (whole.scope === 'group') return isOurs(whole.pgid, known, view) ? view.group(whole.pgid) : [];
  const found = new Map<string, LiveProcess>();
  for (const ref of known.values()) {
    const family = view.resolve(ref) === null ? [] : view.tree(ref.pid);
    const group = isOurs(ref.pid, known, view) ? view.group(ref.pid) : [];
    for (const process of [...family, ...group]) found.set(identity(process), process);
  }
  return [...found.values()];
}

/** The process group's leader is known, or gone. */
function isOurs(pgid: number, known: ReadonlyMap<string, ProcessRef>, view: ProcessView): boolean {
  const leader = view.find(pgid);
  return leader === null || known.has(identity(leader)) || leader.pgid !== pgid;
}
