export interface BackoffOptions {
  /** After the first failure; twice as long after each further one. */
  first_ms?: number;
  max_ms?: number;
  /** What held for so long was well: the next failure counts as the first. */
  well_after_ms?: number;
  /** The first failure is followed by a new attempt at once. */
  once_at_once?: boolean;
}

/** When to try again what failed: later and later. */
export class Backoff {
  private readonly options: Required<BackoffOptions>;
  private failures = 0;
  /** Null: it has not begun to hold since the last failure. */
  private began_ms: number | null = null;
  private until_ms = Number.NEGATIVE_INFINITY;

  constructor(
    options: BackoffOptions = {},
    private readonly now_ms: () => number = () => performance.now(),
  ) {
    this.options = {
      first_ms: 250,
      max_ms: 30_000,
      well_after_ms: 60_000,
      once_at_once: false,
      ...options,
    };
  }

  get mayTry(): boolean {
    return this.now_ms() >= this.until_ms;
  }

  /** It holds from now on. */
  begun(): void {
    this.began_ms = this.now_ms();
  }

  /** Whether it has held long enough to count as well. */
  get isWell(): boolean {
    return this.began_ms !== null && this.now_ms() - this.began_ms > this.options.well_after_ms;
  }

  /** Returns for how long to wait, in milliseconds. */
  failed(): number {
    const { first_ms, max_ms, once_at_once } = this.options;
    if (this.isWell) this.failures = 0;
    this.began_ms = null;
    const doubled = once_at_once ? this.failures - 1 : this.failures;
    this.failures++;
    const wait_ms = doubled < 0 ? 0 : Math.min(max_ms, first_ms * 2 ** doubled);
    this.until_ms = this.now_ms() + wait_ms;
    return wait_ms;
  }
}
