/**
 * Cuts a byte stream into lines. A line longer than the limit is dropped whole and told as null, so that a
 * program that prints without end cannot fill the memory.
 */
export class LineSplitter {
  private rest = '';
  private skipping = false;

  constructor(
    private readonly onLine: (line: string | null) => void,
    private readonly limit = 65_536,
  ) {}

  push(chunk: string): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf('\n', start);
      if (end < 0) break;
      const line = this.rest + chunk.slice(start, end);
      this.rest = '';
      start = end + 1;
      if (this.skipping) this.skipping = false;
      else this.onLine(line.length > this.limit ? null : line);
    }
    if (this.skipping) return;
    this.rest += chunk.slice(start);
    if (this.rest.length > this.limit) {
      this.rest = '';
      this.skipping = true;
      this.onLine(null);
    }
  }
}
