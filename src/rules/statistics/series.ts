/**
 * The last values of a quantity with their times, at least `spacing_ms` apart; a fixed number of them, so
 * its memory does not grow. Values that come sooner are left out: a faster sampling reaches no shorter back.
 */
export class Series {
  private readonly times: Float64Array;
  private readonly values: Float64Array;
  private next = 0;
  private count = 0;

  constructor(
    capacity: number,
    private readonly spacing_ms: number,
  ) {
    this.times = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
  }

  add(time_ms: number, value: number): void {
    const capacity = this.times.length;
    if (this.count > 0) {
      const last_ms = this.times[(this.next + capacity - 1) % capacity]!;
      if (time_ms - last_ms < this.spacing_ms) return;
    }
    this.times[this.next] = time_ms;
    this.values[this.next] = value;
    this.next = (this.next + 1) % capacity;
    this.count = Math.min(this.count + 1, capacity);
  }

  /** The values since then, oldest first. */
  since(time_ms: number): Points {
    const points: Points = { times_ms: [], values: [] };
    const capacity = this.times.length;
    for (let i = this.count; i > 0; i--) {
      const at = (this.next + capacity - i) % capacity;
      if (this.times[at]! < time_ms) continue;
      points.times_ms.push(this.times[at]!);
      points.values.push(this.values[at]!);
    }
    return points;
  }

  /** The newest value, null before the first. */
  last(): number | null {
    if (this.count === 0) return null;
    return this.values[(this.next + this.values.length - 1) % this.values.length]!;
  }

  /** The same values for another spacing; itself when that is its own. */
  respaced(spacing_ms: number): Series {
    if (spacing_ms === this.spacing_ms) return this;
    const other = new Series(this.times.length, spacing_ms);
    const { times_ms, values } = this.since(Number.NEGATIVE_INFINITY);
    times_ms.forEach((time_ms, i) => {
      other.add(time_ms, values[i]!);
    });
    return other;
  }

  clear(): void {
    this.count = 0;
    this.next = 0;
  }
}

export interface Points {
  times_ms: number[];
  values: number[];
}
