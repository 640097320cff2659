import type { Steps } from '../../lib/time/slices.js';
import type { DetailReader } from './table-details.js';
import { type Entry, isDead, JITTER_MS } from './table-entry.js';
import { largest } from './table-largest.js';

/** Costly fields are read for this many with the most memory and as many with the most CPU. */
const TOP = 30;
/** How old the costly fields of the processes asked for may become, and of others that used CPU since. */
const CLOSE_MS = 5_000;
const LARGEST_MS = 10_000;
/** Everybody's costly fields and constants are read once in this time, a few at each sample … */
const ROUND_MS = 60_000;
/** … but of those that used no CPU since then only after this. */
const RESTING_ROUND_MS = 600_000;

/** Whose costly fields are read in which sample. */
export class CostlyFields {
  private ranked_ms = Number.NEGATIVE_INFINITY;
  private sampled_ms = Number.NaN;
  private round: Iterator<Entry> | null = null;

  constructor(
    private readonly details: DetailReader,
    private readonly entries: ReadonlyMap<number, Entry>,
    /** Its command line is read again, too: titles are rewritten. */
    private readonly readName: (entry: Entry) => void,
  ) {}

  /** `close`: pids of those that are asked for. */
  *steps(now_ms: number, close: readonly number[]): Steps<void> {
    if (now_ms - this.ranked_ms >= LARGEST_MS - JITTER_MS) yield* this.readLargest(now_ms);
    for (const pid of close) {
      const entry = this.entries.get(pid);
      if (entry !== undefined && (!entry.looked || now_ms - entry.details_ms >= CLOSE_MS - JITTER_MS))
        this.read(entry, now_ms);
      yield;
    }
    yield* this.readNext(now_ms);
    this.sampled_ms = now_ms;
  }

  private *readLargest(now_ms: number): Steps<void> {
    this.ranked_ms = now_ms;
    const entries = [...this.entries.values()];
    const due = new Set(largest(entries, TOP, entry => entry.row.rss_bytes));
    for (const entry of largest(entries, TOP, entry => entry.row.cpu_percent ?? 0)) due.add(entry);
    for (const entry of due) {
      yield;
      if (!entry.looked || mayHaveChanged(entry, now_ms, ROUND_MS)) this.read(entry, now_ms);
    }
  }

  /** The next ones of all: as many as the time since the last sample is of a round. */
  private *readNext(now_ms: number): Steps<void> {
    const elapsed_ms = now_ms - this.sampled_ms;
    const { size } = this.entries;
    let left = Number.isNaN(elapsed_ms) ? 0 : Math.min(Math.ceil((size * elapsed_ms) / ROUND_MS), size);
    for (; left > 0; left--) {
      const entry = this.nextOfRound();
      if (entry === undefined || !mayHaveChanged(entry, now_ms, RESTING_ROUND_MS)) continue;
      this.read(entry, now_ms);
      yield;
    }
  }

  private nextOfRound(): Entry | undefined {
    this.round ??= this.entries.values();
    const { value, done } = this.round.next();
    if (done) this.round = null;
    return done ? undefined : value;
  }

  private read(entry: Entry, now_ms: number): void {
    entry.looked = true;
    entry.details_ms = now_ms;
    entry.details_ticks = entry.cpu_ticks;
    const details = isDead(entry.row.state.charCodeAt(0)) ? null : this.details.all(entry.pid);
    if (details === null) return;
    entry.row = Object.assign({ ...entry.row }, details);
    this.readName(entry);
  }
}

/** It used CPU since its costly fields were read, or that was long ago: others can swap it out, for one. */
function mayHaveChanged(entry: Entry, now_ms: number, long_ms: number): boolean {
  const age_ms = now_ms - entry.details_ms;
  return age_ms >= long_ms || (age_ms >= LARGEST_MS - JITTER_MS && entry.details_ticks !== entry.cpu_ticks);
}
