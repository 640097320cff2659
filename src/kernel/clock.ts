import { fromMonotonic, now } from '../time.js';

/** Nothing arrives before it happened; this much may be measuring. */
const TOLERANCE_MS = 2;

/**
 * Turns the kernel's nanoseconds into vigil's time (time.ts). Old versions of bpftrace count them on
 * CLOCK_MONOTONIC, which is Node's clock too; newer ones on CLOCK_BOOTTIME, which is ahead of it by the time
 * that the machine slept. That shows when a line seems to come out of the future.
 *
 * The distance changes only then: were it estimated from each arrival, events could change places.
 */
export class KernelClock {
  private ahead_ms = 0;

  constructor(private readonly now_ms: () => number = now) {}

  /** A line with this time arrives now. */
  sample(nsecs: number): void {
    const early_ms = this.time_ms(nsecs) - this.now_ms();
    if (early_ms > TOLERANCE_MS) this.ahead_ms += early_ms;
  }

  time_ms(nsecs: number): number {
    return fromMonotonic(nsecs / 1e6) - this.ahead_ms;
  }
}
