import type { MachineEvent } from '../collectors/snapshot.js';

type OomKill = Extract<MachineEvent, { type: 'oom_kill' }>;

/** One kill is told of by up to three sources, some seconds apart. */
const SAME_MS = 30_000;

/**
 * One event for each OOM kill, whoever told of it first: the kernel's event comes at once and knows whose
 * process it was, the journal and the cgroup's counter come later and may know the cgroup.
 */
export class OomKills {
  private waiting: OomKill[] = [];
  private told: OomKill[] = [];

  /** From the kernel; it goes out with the next snapshot. */
  push(event: OomKill): void {
    this.waiting.push(event);
  }

  /** What the collectors found joined with what the kernel told. */
  join(events: readonly MachineEvent[], now_ms: number): MachineEvent[] {
    this.told = this.told.filter(kill => now_ms - kill.time_ms < SAME_MS);
    const kills: OomKill[] = [];
    const others: MachineEvent[] = [];
    for (const event of [...this.waiting, ...events]) {
      if (event.type !== 'oom_kill') {
        others.push(event);
        continue;
      }
      const known = [...kills, ...this.told].find(kill => isSame(kill, event));
      if (known === undefined) kills.push({ ...event });
      else {
        known.cgroup ??= event.cgroup;
        known.rss_bytes ??= event.rss_bytes;
      }
    }
    this.waiting = [];
    this.told.push(...kills);
    return [...kills, ...others];
  }
}

/** A cgroup's counter tells no pid (0): it is taken for a kill that is known, if there is one. */
function isSame(a: OomKill, b: OomKill): boolean {
  if (Math.abs(a.time_ms - b.time_ms) >= SAME_MS) return false;
  return a.victim.pid === b.victim.pid || a.victim.pid === 0 || b.victim.pid === 0;
}
