/** Works that want the same thing have it one after the other; says for how long one has had it. */
export class OneAtATime {
  private last: Promise<unknown> = Promise.resolve();
  private since_ms: number | null = null;

  constructor(private readonly now: () => number) {}

  /** Settles as the work does, which begins when all before it have ended. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(async () => {
      this.since_ms = this.now();
      try {
        return await work();
      } finally {
        this.since_ms = null;
      }
    });
    this.last = result.catch(() => {});
    return result;
  }

  /** For how long the present work has been at it; 0: there is none. */
  busy_ms(): number {
    return this.since_ms === null ? 0 : this.now() - this.since_ms;
  }
}
