const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const RETRY_MS = 1000;

/** How many things may still be done in the last minute and hour. Clocks come in as arguments. */
export class RateLimit {
  /** Ascending times of what was done within the last hour. */
  private done_ms: number[] = [];

  constructor(
    private readonly max_per_minute: number,
    private readonly max_per_hour: number,
  ) {}

  /** The same past under other limits. */
  withLimits(max_per_minute: number, max_per_hour: number): RateLimit {
    const other = new RateLimit(max_per_minute, max_per_hour);
    other.done_ms = this.done_ms;
    return other;
  }

  /** As many as can ever be done at once. */
  get max(): number {
    return Math.min(this.max_per_minute, this.max_per_hour);
  }

  free(now_ms: number): number {
    this.done_ms = this.done_ms.filter(time_ms => now_ms - time_ms < HOUR_MS);
    const minute = this.done_ms.filter(time_ms => now_ms - time_ms < MINUTE_MS).length;
    return Math.max(0, Math.min(this.max_per_minute - minute, this.max_per_hour - this.done_ms.length));
  }

  take(count: number, now_ms: number): void {
    for (let i = 0; i < count; i++) this.done_ms.push(now_ms);
  }

  /** The last ones were not done after all. */
  giveBack(count: number): void {
    this.done_ms.splice(Math.max(0, this.done_ms.length - count));
  }

  /** How long to wait before asking again: until one more is free, and at least a second. */
  wait_ms(now_ms: number): number {
    if (this.free(now_ms) > 0) return RETRY_MS;
    const since = (count: number, span_ms: number) => {
      const oldest = this.done_ms.at(-count);
      return oldest === undefined ? 0 : oldest + span_ms - now_ms;
    };
    return Math.max(RETRY_MS, since(this.max_per_minute, MINUTE_MS), since(this.max_per_hour, HOUR_MS));
  }
}
