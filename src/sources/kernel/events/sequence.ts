/**
 * Counts what was lost, from the numbers that the kernel gives to the lines of each CPU. bpftrace's own
 * report comes late or never.
 *
 * A gap in a CPU's numbers is a loss. A loss at the end of a burst has no next line that would show it: there
 * the heartbeat helps, which carries the last number of each CPU. A count that is still ahead of the lines
 * one heartbeat later is a loss too; not at once, since lines of other CPUs may still be on their way.
 */
export class SequenceCounter {
  received = 0;
  lost = 0;
  private readonly last = new Map<number, number>();
  private ahead = new Map<number, { count: number; since_ms: number }>();

  constructor(private readonly patience_ms = 900) {}

  /** Returns how many lines are newly known to be lost. */
  line(cpu: number, seq: number): number {
    this.received++;
    const last = this.last.get(cpu) ?? 0;
    if (seq <= last) {
      // It was counted as lost and comes after all.
      if (this.lost > 0) this.lost--;
      return 0;
    }
    this.last.set(cpu, seq);
    const missing = seq - last - 1;
    this.lost += missing;
    return missing;
  }

  /** `counts`: the last number that the kernel gave on each CPU. Returns how many lines are newly lost. */
  heartbeat(counts: ReadonlyMap<number, number>, now_ms: number): number {
    let missing = 0;
    const ahead = new Map<number, { count: number; since_ms: number }>();
    for (const [cpu, count] of counts) {
      let last = this.last.get(cpu) ?? 0;
      const before = this.ahead.get(cpu);
      if (before && before.count > last && now_ms - before.since_ms >= this.patience_ms) {
        missing += before.count - last;
        last = before.count;
        this.last.set(cpu, last);
      }
      if (count > last) {
        const still = before && before.count > last;
        ahead.set(cpu, still ? before : { count, since_ms: now_ms });
      }
    }
    this.ahead = ahead;
    this.lost += missing;
    return missing;
  }

  /** The program starts anew: its numbers begin at one again. What was counted stays counted. */
  restart(): void {
    this.last.clear();
    this.ahead.clear();
  }
}
