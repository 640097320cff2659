/**
 * Work that may take long or never end, one at a time. `take()` gives what the last one brought and starts the
 * next; null while there is nothing yet. What it threw is thrown there, once.
 */
export class Background<T> {
  private result: { value: T } | { error: unknown } | null = null;
  private started_ms: number | null = null;

  constructor(
    private readonly work: () => Promise<T>,
    /** Said when it has been waiting for longer than this. */
    private readonly limit_ms: number,
    private readonly overdue: string,
  ) {}

  take(now_ms: number): T | null {
    if (this.started_ms !== null) {
      const waiting_ms = now_ms - this.started_ms;
      if (waiting_ms > this.limit_ms) throw new Error(this.overdue);
      return this.result !== null && 'value' in this.result ? this.result.value : null;
    }
    const { result } = this;
    if (result !== null && 'error' in result) {
      this.result = null;
      throw result.error;
    }
    this.started_ms = now_ms;
    const ended = (ending: { value: T } | { error: unknown }) => {
      this.started_ms = null;
      this.result = ending;
    };
    this.work().then(
      value => ended({ value }),
      error => ended({ error }),
    );
    return result?.value ?? null;
  }
}
