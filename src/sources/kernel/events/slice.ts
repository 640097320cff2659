/** So long one part of the sensor works before everything else has its turn: there are four of them. */
const SLICE_MS = 20;

/** The share of one part in a turn of the event loop. What is left when it is used up waits for the next turn. */
export class Slice {
  private ends_ms: number | null = null;
  private waiting: (() => void) | null = null;

  constructor(private readonly slice_ms = SLICE_MS) {}

  hasTime(): boolean {
    if (this.ends_ms !== null) return performance.now() < this.ends_ms;
    this.ends_ms = performance.now() + this.slice_ms;
    setImmediate(() => {
      this.ends_ms = null;
      const { waiting } = this;
      this.waiting = null;
      waiting?.();
    });
    return true;
  }

  /** Calls back in the next turn; only the last one that was asked for. To be called when there is no time left. */
  next(work: () => void): void {
    this.hasTime();
    this.waiting = work;
  }
}
