/**
 * Puts events into the order of their time. bpftrace before 0.19 has one buffer for each CPU, so a child's
 * exec can arrive before its fork. Each event waits `window_ms`; when one comes too late nevertheless (a busy
 * machine), it is passed on at once and the window grows for a while.
 */
export class Reorder<T extends { time_ms: number }> {
  private waiting: { event: T; at_ms: number }[] = [];
  private timer: NodeJS.Timeout | null = null;
  private delivered_ms = Number.NEGATIVE_INFINITY;
  private current_ms: number;
  private lateAt_ms = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly deliver: (event: T) => void,
    private readonly window_ms = 8,
    private readonly widest_ms = 64,
    private readonly calm_ms = 5_000,
    private readonly now_ms: () => number = () => performance.now(),
  ) {
    this.current_ms = window_ms;
  }

  push(event: T): void {
    const at_ms = this.now_ms();
    if (event.time_ms < this.delivered_ms) {
      this.current_ms = Math.min(this.widest_ms, this.current_ms * 2);
      this.lateAt_ms = at_ms;
    }
    let at = this.waiting.length;
    while (at > 0 && this.waiting[at - 1]!.event.time_ms > event.time_ms) at--;
    this.waiting.splice(at, 0, { event, at_ms });
    this.timer ??= setTimeout(() => this.due(), this.current_ms);
  }

  /** Everything, at once. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.release(this.waiting.length);
  }

  private due(): void {
    this.timer = null;
    const now = this.now_ms();
    if (now - this.lateAt_ms > this.calm_ms) this.current_ms = this.window_ms;
    // Up to the last one that waited long enough; what is older goes with it.
    const ready = this.waiting.findLastIndex(({ at_ms }) => now - at_ms >= this.current_ms - 1);
    this.release(ready + 1);
    if (this.waiting.length > 0) this.timer ??= setTimeout(() => this.due(), this.current_ms);
  }

  private release(count: number): void {
    for (const { event } of this.waiting.splice(0, count)) {
      this.delivered_ms = Math.max(this.delivered_ms, event.time_ms);
      this.deliver(event);
    }
  }
}
