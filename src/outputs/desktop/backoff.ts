const FIRST_MS = 250;
const MAX_MS = 30_000;
/** What held for so long was well: the next failure counts as the first. */
const WELL_AFTER_MS = 60_000;

/** When to try again: at once after a first failure, then later and later. */
export class Backoff {
  private failures = 0;
  private began_ms = 0;
  private until_ms = Number.NEGATIVE_INFINITY;

  constructor(private readonly now_ms: () => number = () => performance.now()) {}

  get mayTry(): boolean {
    return this.now_ms() >= this.until_ms;
  }

  begun(): void {
    this.began_ms = this.now_ms();
  }

  /** Answers for how long to wait, in milliseconds. */
  failed(): number {
    const now_ms = this.now_ms();
    if (now_ms - this.began_ms > WELL_AFTER_MS) this.failures = 0;
    this.failures++;
    const wait_ms = this.failures === 1 ? 0 : Math.min(MAX_MS, FIRST_MS * 2 ** (this.failures - 2));
    this.until_ms = now_ms + wait_ms;
    return wait_ms;
  }
}
