/** Messages of one helper: the daemon ends one that says more than 200 lines a second. */
const PER_FLUSH = 5;
const FLUSH_MS = 50;

/**
 * Passes news on at once while there is little, and at most 100 a second: of what waits, only the newest of each
 * matter. Memory is bounded by the number of matters.
 */
export class Coalescing<T> {
  private readonly waiting = new Map<string, T>();
  private credit = PER_FLUSH;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly pass: (news: T) => void) {}

  add(matter: string, news: T): void {
    this.waiting.set(matter, news);
    this.flush();
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting.clear();
  }

  private flush(): void {
    for (const [matter, news] of this.waiting) {
      if (this.credit <= 0) break;
      this.credit--;
      this.waiting.delete(matter);
      this.pass(news);
    }
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.credit = PER_FLUSH;
      if (this.waiting.size > 0) this.flush();
    }, FLUSH_MS).unref();
  }
}
