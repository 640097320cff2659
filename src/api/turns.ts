/**
 * How much of each turn of the event loop goes to requests, of all clients together: what else the daemon does,
 * its watchdog included, has its turn in between, whatever is asked. Who has more to ask than fits waits in
 * line, and has one request answered each time.
 */
export class Turns {
  private readonly line: (() => void)[] = [];
  /** When the slice of this turn began; null: nothing was asked in it yet. */
  private since_ms: number | null = null;

  constructor(private readonly slice_ms: number) {}

  /** May one more request be answered now, after so many in a row for the same client? */
  mayGoOn(answered: number): boolean {
    if (answered > 0 && this.line.length > 0) return false;
    if (this.since_ms === null) {
      this.since_ms = performance.now();
      setImmediate(() => this.next());
    }
    return performance.now() - this.since_ms < this.slice_ms;
  }

  /** Calls back when it is this one's turn. Each client waits once. */
  wait(goOn: () => void): void {
    this.line.push(goOn);
  }

  private next(): void {
    this.since_ms = null;
    while (this.line.length > 0 && this.mayGoOn(0)) this.line.shift()!();
  }
}
