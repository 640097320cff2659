/** How much may come at once, and how much in a second: a token bucket on a clock that never goes back. */
export class Rate {
  private credit: number;
  private at_ms: number;

  constructor(
    private readonly per_s: number,
    private readonly burst: number,
    private readonly now_ms: () => number = () => performance.now(),
  ) {
    this.credit = burst;
    this.at_ms = now_ms();
  }

  /** Takes `amount`; false: that is too much by now, and nothing was taken. */
  take(amount = 1): boolean {
    this.fill();
    if (this.credit < amount) return false;
    this.credit -= amount;
    return true;
  }

  /** In how many milliseconds `amount` can be had. */
  waitFor(amount = 1): number {
    this.fill();
    return Math.max(0, ((amount - this.credit) / this.per_s) * 1000);
  }

  private fill(): void {
    const now_ms = this.now_ms();
    this.credit = Math.min(this.burst, this.credit + ((now_ms - this.at_ms) / 1000) * this.per_s);
    this.at_ms = now_ms;
  }
}
