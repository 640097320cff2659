import type { Readable } from 'node:stream';
import { LineSplitter } from '../../../lib/text/lines.js';
import { Slice } from './slice.js';

/** How often the time is looked at: a line takes some microseconds. */
const LINES_AT_ONCE = 16;

export interface ReaderOptions {
  /** Longer lines are told as null. */
  longest: number;
  /** What becomes of the lines is not done with those before: no more for now. */
  isBusy?(): boolean;
}

/**
 * Reads lines, a slice of each turn of the event loop at most. Meanwhile the pipe is full and the writer waits: what it
 * cannot keep it loses and counts.
 */
export class LineReader {
  private readonly slice = new Slice();
  private readonly splitter: LineSplitter;
  private chunk = '';
  private at = 0;

  constructor(
    private readonly stream: Readable,
    onLine: (line: string | null) => void,
    private readonly options: ReaderOptions,
  ) {
    this.splitter = new LineSplitter(onLine, options.longest);
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      this.chunk = this.chunk.slice(this.at) + chunk;
      this.at = 0;
      this.work();
    });
  }

  private work(): void {
    while (this.at < this.chunk.length) {
      if (!this.slice.hasTime() || this.options.isBusy?.()) {
        this.stream.pause();
        this.slice.next(() => this.work());
        return;
      }
      const end = this.endOfLines();
      this.splitter.push(this.chunk.slice(this.at, end));
      this.at = end;
    }
    this.chunk = '';
    this.at = 0;
    if (this.stream.isPaused()) this.stream.resume();
  }

  /** Behind some lines, or where the chunk ends. */
  private endOfLines(): number {
    let end = this.at;
    for (let line = 0; line < LINES_AT_ONCE; line++) {
      const newline = this.chunk.indexOf('\n', end);
      if (newline < 0) return this.chunk.length;
      end = newline + 1;
    }
    return end;
  }
}
