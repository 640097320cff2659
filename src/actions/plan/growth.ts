import { processKey } from '../../lib/process/identity.js';
import type { Work } from '../../lib/time/in-turns.js';
import type { Scope } from '../../model/action.js';
import type { ProcessRef } from '../../model/snapshot.js';
import type { LiveProcess, ProcessView } from '../live/live-view.js';

/** What belongs together, as far as a scope says. */
export interface Whole {
  scope: Scope;
  /** Of the process that was named. */
  pgid: number;
  cgroup: string | null;
}

/** Processes that are looked at between two turns of the event loop. */
const PIECE = 32;

type Known = ReadonlyMap<string, ProcessRef>;

const lives = ({ state }: LiveProcess) => state !== 'Z' && state !== 'X';

/**
 * Who joins a whole while it is being ended: what was forked since, also by those that have died meanwhile as
 * long as it stayed in a process group that a known member leads.
 *
 * Of a tree such a group is only searched when it held nobody but the tree at the first look at it. The others
 * of a group were not shown to anybody and do not descend from the target (`a | b` is one group, led by `a`);
 * once there are such, an orphan in the group may be theirs as well.
 */
export class Growth {
  /** Of each member of a tree that leads a process group: whether that was the tree's alone. */
  private readonly groups = new Map<string, boolean>();

  constructor(private readonly whole: Whole) {}

  /** Living members that are not known yet. To be called before anything is signalled, too: that is the first look. */
  *newMembers(known: Known, view: ProcessView): Work<LiveProcess[]> {
    const candidates = yield* this.candidates(known, view);
    return candidates.filter(process => lives(process) && !known.has(processKey(process)));
  }

  private *candidates(known: Known, view: ProcessView): Work<LiveProcess[]> {
    const { scope, pgid, cgroup } = this.whole;
    if (scope === 'process' || (scope === 'cgroup' && cgroup === null)) return [];
    if (scope === 'tree') return yield* this.tree(known, view);
    yield* view.gather({ pid: 0, pgid, cgroup }, scope);
    if (scope === 'cgroup') return view.cgroup(cgroup ?? '/');
    return groupOf(pgid, process => known.has(processKey(process)), view);
  }

  private *tree(known: Known, view: ProcessView): Work<LiveProcess[]> {
    const family = new Map<string, LiveProcess>();
    for (const [i, ref] of [...known.values()].entries()) {
      if (i % PIECE === 0) yield;
      // What descends from one that was looked at has been found with it.
      if (family.has(processKey(ref))) continue;
      const root = view.resolve(ref);
      if (root === null) continue;
      yield* view.gather(root, 'tree');
      for (const process of view.tree(ref.pid)) family.set(processKey(process), process);
    }
    const belongs = (ref: ProcessRef) => known.has(processKey(ref)) || family.has(processKey(ref));
    const found = [...family.values()];
    for (const [i, [key, leader]] of [...new Map<string, ProcessRef>([...known, ...family])].entries()) {
      if (i % PIECE === 0) yield;
      yield* view.gather({ pid: leader.pid, pgid: leader.pid, cgroup: null }, 'group');
      const group = groupOf(leader.pid, belongs, view).filter(lives);
      if (group.length === 0) continue;
      const alone = this.groups.get(key) ?? group.every(belongs);
      this.groups.set(key, alone);
      if (alone) found.push(...group);
    }
    return found;
  }
}

/**
 * The process group that a member leads, or has led: the number of a group stays taken while the group has
 * members. A living stranger that leads it means that it was used again, and then it is not ours.
 */
function groupOf(pgid: number, belongs: (ref: ProcessRef) => boolean, view: ProcessView): LiveProcess[] {
  const leader = view.find(pgid);
  return leader === null || belongs(leader) || leader.pgid !== pgid ? view.group(pgid) : [];
}
