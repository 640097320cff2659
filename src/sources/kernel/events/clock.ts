import { type Clock, clock } from '../../../lib/time/time.js';

/** Nothing arrives before it happened; this much may be measuring. */
const TOLERANCE_MS = 2;

/**
 * Turns the kernel's nanoseconds into vigil's time (time.ts). bpftrace counts them on CLOCK_BOOTTIME where the
 * kernel offers it, else on CLOCK_MONOTONIC. They are taken for the latter; the former is ahead of it by the time
 * that the machine slept, before vigil started or since, which shows when a line seems to come out of the future.
 *
 * The distance changes only then: were it estimated from each arrival, events could change places.
 */
export class KernelClock {
  private ahead_ms = 0;

  constructor(private readonly vigil: Pick<Clock, 'now' | 'fromMonotonic'> = clock) {}

  /** A line with this time arrives now. */
  sample(nsecs: number): void {
    const early_ms = this.time_ms(nsecs) - this.vigil.now();
    if (early_ms > TOLERANCE_MS) this.ahead_ms += early_ms;
  }

  time_ms(nsecs: number): number {
    return this.vigil.fromMonotonic(nsecs / 1e6) - this.ahead_ms;
  }
}
