import type { OwnedEvent } from '../../api/reports/event.js';

/** Kept for `vigil events` without --follow. */
const MAX_EVENTS = 1_000;

/** The events of late. Where there are too many, who has most loses the oldest of his: nobody's push out another's. */
export class KeptEvents {
  private readonly events: OwnedEvent[] = [];
  private readonly counts = new Map<number | null, number>();

  constructor(private readonly max = MAX_EVENTS) {}

  /** Oldest first. */
  all(): OwnedEvent[] {
    return [...this.events];
  }

  add(event: OwnedEvent): void {
    this.events.push(event);
    this.counts.set(event.uid, (this.counts.get(event.uid) ?? 0) + 1);
    if (this.events.length > this.max) this.drop(this.most());
  }

  private most(): number | null {
    let most: number | null = null;
    let highest = 0;
    for (const [uid, count] of this.counts) {
      if (count <= highest) continue;
      most = uid;
      highest = count;
    }
    return most;
  }

  private drop(uid: number | null): void {
    this.events.splice(
      this.events.findIndex(event => event.uid === uid),
      1,
    );
    const left = this.counts.get(uid)! - 1;
    if (left === 0) this.counts.delete(uid);
    else this.counts.set(uid, left);
  }
}
