/** Bytes in, lines out; each byte is looked at once, however small the pieces are. */
export class LineBuffer {
  private parts: Buffer[] = [];
  private bytes = 0;
  /** The rest after the last line that was taken, not yet searched. */
  private fresh: Buffer = Buffer.alloc(0);

  /** Bytes held: of the unfinished line, and of those that were not taken yet. */
  get size(): number {
    return this.bytes + this.fresh.length;
  }

  push(chunk: Buffer): void {
    this.fresh = this.fresh.length === 0 ? chunk : Buffer.concat([this.fresh, chunk]);
  }

  /** The next whole line without its newline; undefined when there is none yet. */
  take(): Buffer | undefined {
    const end = this.fresh.indexOf(10);
    if (end < 0) {
      if (this.fresh.length > 0) {
        this.parts.push(this.fresh);
        this.bytes += this.fresh.length;
        this.fresh = Buffer.alloc(0);
      }
      return undefined;
    }
    const line = Buffer.concat([...this.parts, this.fresh.subarray(0, end)]);
    this.fresh = this.fresh.subarray(end + 1);
    this.parts = [];
    this.bytes = 0;
    return line;
  }

  clear(): void {
    this.parts = [];
    this.bytes = 0;
    this.fresh = Buffer.alloc(0);
  }
}
