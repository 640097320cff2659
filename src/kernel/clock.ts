/**
 * Turns the kernel's nanoseconds into wall-clock milliseconds.
 *
 * Which clock `nsecs` is (monotonic or since boot) differs between versions of bpftrace, and the wall clock
 * can be set at any time. So the distance is measured, not computed: a line cannot arrive before it happened,
 * hence the smallest (arrival - nsecs) of the recent lines is the distance, but for the fastest delivery,
 * which is well below a millisecond. When the wall clock is set or the machine slept, the wall clock and
 * Node's monotonic clock part; then the measuring begins anew.
 */
export class KernelClock {
  private distance_ms: number | null = null;
  private next_ms: number | null = null;
  private windowStart_ms = 0;
  private parting_ms: number | null = null;

  constructor(
    private readonly window_ms = 30_000,
    private readonly tolerance_ms = 20,
  ) {}

  /** A line with this time arrives now. */
  sample(nsecs: number, wall_ms: number, monotonic_ms: number): void {
    const parting = wall_ms - monotonic_ms;
    if (this.parting_ms === null || Math.abs(parting - this.parting_ms) > this.tolerance_ms) {
      this.distance_ms = null;
      this.next_ms = null;
      this.windowStart_ms = monotonic_ms;
      this.parting_ms = parting;
    }
    const distance = wall_ms - nsecs / 1e6;
    if (this.distance_ms === null || distance < this.distance_ms) this.distance_ms = distance;
    if (this.next_ms === null || distance < this.next_ms) this.next_ms = distance;
    if (monotonic_ms - this.windowStart_ms >= this.window_ms) {
      this.distance_ms = this.next_ms;
      this.next_ms = null;
      this.windowStart_ms = monotonic_ms;
      this.parting_ms = parting; // slow drift is no step
    }
  }

  time_ms(nsecs: number): number {
    return nsecs / 1e6 + (this.distance_ms ?? 0);
  }
}
