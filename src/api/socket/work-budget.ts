/** Nobody waits longer than it takes to earn so many bursts. */
const MOST_DEBT = 8;

/**
 * Milliseconds of work that may be done for somebody: it fills with time up to `burst_ms`. The last piece of work may
 * overdraw it, and is paid for by waiting.
 */
export class WorkBudget {
  private left: number;
  private at_ms: number;

  /** `share`: of one core, 0 to 1. */
  constructor(
    private readonly share: number,
    private readonly burst_ms: number,
    private readonly now_ms: () => number = () => performance.now(),
  ) {
    this.left = burst_ms;
    this.at_ms = now_ms();
  }

  /** Negative: it is overdrawn. */
  get left_ms(): number {
    const now_ms = this.now_ms();
    this.left = Math.min(this.burst_ms, this.left + (now_ms - this.at_ms) * this.share);
    this.at_ms = now_ms;
    return this.left;
  }

  get isFull(): boolean {
    return this.left_ms >= this.burst_ms;
  }

  spend(work_ms: number): void {
    this.left = Math.max(this.left_ms - work_ms, -MOST_DEBT * this.burst_ms);
  }

  /** Until something is left again; 0: there is. */
  get wait_ms(): number {
    return Math.max(0, -this.left_ms / this.share);
  }
}
