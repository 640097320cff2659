/**
 * Puts events into the order of their time. bpftrace before 0.19 has one buffer for each CPU, so a child's
 * exec can arrive before its fork. Events wait `window_ms`; one that comes later than that is passed on at
 * once rather than held back.
 */
export class Reorder<T extends { time_ms: number }> {
  private waiting: T[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly deliver: (event: T) => void,
    private readonly window_ms = 8,
  ) {}

  push(event: T): void {
    let at = this.waiting.length;
    while (at > 0 && this.waiting[at - 1]!.time_ms > event.time_ms) at--;
    this.waiting.splice(at, 0, event);
    this.timer ??= setTimeout(() => this.flush(), this.window_ms);
  }

  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const ready = this.waiting;
    this.waiting = [];
    for (const event of ready) this.deliver(event);
  }
}
