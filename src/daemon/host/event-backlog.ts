import { Quota } from '../../lib/limits/quota.js';
import type { MachineEvent } from '../../model/snapshot.js';

const MAX = 1_000;

/** Events that no look has taken yet: they are told once, so a look that fails must not lose them. Bounded and fair. */
export class EventBacklog {
  private events: MachineEvent[] = [];
  private room = new Quota(MAX);
  /** There was no room for so many, since the start. */
  leftOut = 0;

  add(events: readonly MachineEvent[]): void {
    for (const event of events) {
      if (this.room.take(ownerOf(event))) this.events.push(event);
      else this.leftOut++;
    }
  }

  /** As of now. */
  get waiting(): readonly MachineEvent[] {
    return [...this.events];
  }

  /** A look took in what was waiting when it began; what came meanwhile is for the next. */
  taken(events: readonly MachineEvent[]): void {
    const later = this.events.slice(events.length);
    this.events = [];
    this.room = new Quota(MAX);
    this.add(later);
  }
}

/** Messages are anybody's: together they may have as much as one user. */
function ownerOf(event: MachineEvent): number | null {
  if (event.type === 'journal') return -1;
  if (event.type === 'unit_failed') return event.uid;
  return event.victim.pid > 0 ? event.victim.uid : null;
}
