const MB = 1024 * 1024;
/** Smaller changes than this are no rise and no fall. */
const NOTICEABLE_BYTES = 4 * MB;
/** What gives back more than this share of what it took works with memory; it does not only take it. */
const FALL_SHARE = 0.1;
/** Without a rise for so long it had what it wanted: the next rise is another climb. */
const PLATEAU_MS = 30_000;

/**
 * The present rise of an amount of memory: where it began, and how much of it was never held before. A garbage
 * collector that takes again what it gave back gains nothing.
 */
export class Climb {
  private low_bytes: number;
  private top_bytes: number;
  private rise_bytes: number;
  private rise_ms: number;
  /** The most that earlier climbs reached. */
  private before_bytes = 0;
  /** When it began. */
  since_ms: number;

  constructor(time_ms: number, bytes: number) {
    this.since_ms = this.rise_ms = time_ms;
    this.low_bytes = this.top_bytes = this.rise_bytes = bytes;
  }

  add(time_ms: number, bytes: number): void {
    const fell = this.top_bytes - bytes;
    const rested = time_ms - this.rise_ms > PLATEAU_MS;
    if (fell > Math.max(NOTICEABLE_BYTES, (this.top_bytes - this.low_bytes) * FALL_SHARE) || rested) {
      this.before_bytes = Math.max(this.before_bytes, this.top_bytes);
      this.since_ms = this.rise_ms = time_ms;
      this.low_bytes = this.top_bytes = this.rise_bytes = bytes;
      return;
    }
    this.top_bytes = Math.max(this.top_bytes, bytes);
    if (bytes - this.rise_bytes < NOTICEABLE_BYTES) return;
    this.rise_bytes = bytes;
    this.rise_ms = time_ms;
  }

  /** More than it ever held before, taken since `since_ms`. */
  get gained_bytes(): number {
    return Math.max(0, this.top_bytes - Math.max(this.low_bytes, this.before_bytes));
  }
}
