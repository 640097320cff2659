import type { MachineEvent } from '../../../model/snapshot.js';

/** More kills than these of one cgroup in one round are one trouble. */
const MAX_EACH = 10;

/**
 * Turns counters of OOM kills into events. They know neither the victim, whose pid is given as 0, nor its name, but
 * they know the cgroup, and they are there where neither the kernel's events nor a journal can be had.
 */
export class OomCounter {
  private before = new Map<string, number>();

  /** Counters of this round, by path. A cgroup that was not there before has no past. */
  take(counters: ReadonlyMap<string, number>, now_ms: number): MachineEvent[] {
    const events: MachineEvent[] = [];
    const told: string[] = [];
    // Those above count what happens below: the innermost is told of.
    for (const path of [...counters.keys()].sort((a, b) => b.length - a.length)) {
      const more = counters.get(path)! - (this.before.get(path) ?? counters.get(path)!);
      if (more <= 0 || told.some(inner => inner.startsWith(`${path}/`))) continue;
      told.push(path);
      for (let i = 0; i < Math.min(more, MAX_EACH); i++) events.push(nameless(path, now_ms));
    }
    this.before = new Map(counters);
    return events;
  }
}

function nameless(cgroup: string, time_ms: number): MachineEvent {
  return {
    type: 'oom_kill',
    time_ms,
    victim: { pid: 0, start_ticks: 0, uid: 0, comm: '?', cmdline: '?' },
    session: null,
    rss_bytes: null,
    cgroup,
    source: 'cgroup',
  };
}
