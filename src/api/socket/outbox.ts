/** So many bytes are handed to the socket at a time. */
const PIECE_BYTES = 65_536;
/** What a row of an answer takes until it is written, its text not counted: that is shared. */
const ROW_BYTES = 512;

/** An answer of many rows, made while it is written. */
export interface LongAnswer {
  pieces: Iterator<string, void, undefined>;
  rows: number;
}

/** What a client is still to be sent, in order: lines, which many clients share, and answers that are not written yet. */
export class Outbox {
  private readonly waiting: (Buffer | LongAnswer)[] = [];
  private size = 0;

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** Memory that it takes. */
  get bytes(): number {
    return this.size;
  }

  addLine(line: Buffer): void {
    this.waiting.push(line);
    this.size += line.length;
  }

  addAnswer(answer: LongAnswer): void {
    this.waiting.push(answer);
    this.size += answer.rows * ROW_BYTES;
  }

  /** The next bytes; null: there is nothing more. @throws what making an answer throws; the rest of it is left out */
  take(): Buffer | null {
    const pieces: Buffer[] = [];
    let bytes = 0;
    while (bytes < PIECE_BYTES) {
      const piece = this.next();
      if (piece === null) break;
      pieces.push(piece);
      bytes += piece.length;
    }
    if (pieces.length === 0) return null;
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes);
  }

  clear(): void {
    this.waiting.length = 0;
    this.size = 0;
  }

  private next(): Buffer | null {
    for (;;) {
      const first = this.waiting[0];
      if (first === undefined) return null;
      if (Buffer.isBuffer(first)) {
        this.waiting.shift();
        this.size -= first.length;
        return first;
      }
      const piece = first.pieces.next();
      if (!piece.done) return Buffer.from(piece.value);
      this.waiting.shift();
      this.size -= first.rows * ROW_BYTES;
    }
  }
}
