const NEWLINE = 10;
const LEAST_BYTES = 512;
const NOTHING = Buffer.alloc(0);

/**
 * Bytes in, lines out; each byte is looked at once, however small the pieces are. They are copied into one
 * buffer: a piece that is held on to costs hundreds of bytes beyond its own, and who sends chooses the pieces.
 */
export class LineBuffer {
  private bytes: Buffer = NOTHING;
  /** What was not taken yet begins here … */
  private start = 0;
  /** … has no newline before this … */
  private searched = 0;
  /** … and ends here. */
  private end = 0;

  /** Bytes that were not taken yet: of whole lines, and of the unfinished one. */
  get size(): number {
    return this.end - this.start;
  }

  /** Memory that they take: a few times as much at most, but for the last few hundred bytes. */
  get heldBytes(): number {
    return this.bytes.length;
  }

  push(chunk: Buffer): void {
    this.makeRoom(chunk.length);
    this.end += chunk.copy(this.bytes, this.end);
  }

  /** The next whole line without its newline; undefined when there is none yet. */
  take(): Buffer | undefined {
    const newline = this.bytes.subarray(0, this.end).indexOf(NEWLINE, this.searched);
    if (newline < 0) {
      this.searched = this.end;
      return undefined;
    }
    const line = Buffer.from(this.bytes.subarray(this.start, newline));
    this.start = newline + 1;
    this.searched = this.start;
    if (this.size === 0) this.clear();
    // One large request does not keep its room for ever.
    else if (this.bytes.length > Math.max(4 * this.size, LEAST_BYTES)) this.move(this.size);
    return line;
  }

  clear(): void {
    this.bytes = NOTHING;
    this.start = 0;
    this.searched = 0;
    this.end = 0;
  }

  /** Twice as much as is there, so that a line of many pieces is copied a few times only. */
  private makeRoom(count: number): void {
    if (this.end + count > this.bytes.length) this.move(Math.max(this.size + count, 2 * this.size));
  }

  /** To a buffer of this size. */
  private move(capacity_bytes: number): void {
    const target = Buffer.allocUnsafeSlow(Math.max(capacity_bytes, LEAST_BYTES));
    this.bytes.copy(target, 0, this.start, this.end);
    this.bytes = target;
    this.searched -= this.start;
    this.end -= this.start;
    this.start = 0;
  }
}
