/** The wall clock as the history uses it; another one in tests. */
export interface WallClock {
  /** The wall clock less vigil's own, which no step of the wall clock moves. */
  ahead_ms(): number;
  /** The kernel holds the wall clock for right: something keeps it. */
  isKept(): boolean;
}

/** This program is younger: a clock that shows less was never set. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
/** The clock of a machine without a battery begins where it stopped: a little before the last row. */
const BEHIND_MS = 31 * 24 * 3_600_000;
/** Less is no step but a correction. */
const STEP_MS = 1_000;
/** A clock that nobody keeps and that has been still for so long is as right as it will be. */
const STILL_MS = 600_000;
const MAX_PARTS = 64;

/** Rows from one date to another are so much later than they say. */
export interface Redating {
  from_ms: number;
  to_ms: number;
  by_ms: number;
}

/**
 * How rows are dated: by the wall clock, with vigil's own time beneath. Where the wall clock is set, what was written
 * since it was last known to be right was dated wrong by as much. Where it was right until then (a virtual machine that
 * was paused), only what follows is dated anew.
 */
export class Dates {
  /** By vigil's time, each until the next. */
  private parts: { from_ms: number; ahead_ms: number }[] = [];
  /** Not known to be right since then; null: it is. */
  private unsure_ms: number | null = null;
  private started_ms = 0;
  private stepped_ms = 0;
  /** The wall clock is not believed: time goes on after the newest row. */
  private blind = false;
  private newest_ms: number | null = null;

  constructor(private readonly wall: WallClock) {}

  /** A database was opened, with rows up to that date. */
  opened(now_ms: number, newest_ms: number | null): void {
    if (this.parts.length > 0) return;
    this.newest_ms = newest_ms;
    const ahead_ms = this.wall.ahead_ms();
    const shown_ms = now_ms + ahead_ms;
    const after_ms = (newest_ms ?? Number.NEGATIVE_INFINITY) + 1;
    const never = shown_ms < EARLIEST_MS;
    const least_ms = never ? Math.max(EARLIEST_MS, after_ms) : after_ms - shown_ms < BEHIND_MS ? after_ms : 0;
    this.blind = !this.wall.isKept() && shown_ms < least_ms;
    this.parts = [{ from_ms: Number.NEGATIVE_INFINITY, ahead_ms: this.blind ? least_ms - now_ms : ahead_ms }];
    this.unsure_ms = this.wall.isKept() ? null : now_ms;
    this.started_ms = this.stepped_ms = now_ms;
  }

  /** Rows that are to be dated anew before anything else is written; null: none. It counts from `settled()` on. */
  look(now_ms: number): { redating: Redating | null; settled: () => void } {
    const last = this.parts.at(-1);
    if (last === undefined) return { redating: null, settled: () => {} };
    const kept = this.wall.isKept();
    const ahead_ms = this.wall.ahead_ms();
    const by_ms = ahead_ms - last.ahead_ms;
    const believed = !this.blind || ((kept || by_ms > 0) && now_ms + ahead_ms >= EARLIEST_MS);
    const stepped = believed && Math.abs(by_ms) >= STEP_MS;
    const wrong_ms = this.unsure_ms;
    const settled = () => {
      if (stepped) this.step(now_ms, wrong_ms, ahead_ms);
      if (believed) this.blind = false;
      this.unsure_ms = kept ? null : (wrong_ms ?? now_ms);
    };
    if (stepped && wrong_ms !== null) {
      return { redating: { from_ms: this.of(wrong_ms), to_ms: this.of(now_ms) + 1, by_ms }, settled };
    }
    settled();
    return { redating: null, settled: () => {} };
  }

  /** The date of an instant of vigil's time. */
  of(time_ms: number): number {
    let ahead_ms = this.parts[0]?.ahead_ms ?? 0;
    for (const part of this.parts) if (part.from_ms <= time_ms) ahead_ms = part.ahead_ms;
    return time_ms + ahead_ms;
  }

  /** A date in vigil's time, from which whoever shows it makes the date again. */
  from(date_ms: number): number {
    return date_ms - (this.parts.at(-1)?.ahead_ms ?? 0);
  }

  /** By what the clock says rows may be deleted: it is kept, or has been still, and makes no leap from the last row. */
  isTrusted(now_ms: number, retention_ms: number): boolean {
    if (this.wall.isKept()) return true;
    if (this.blind || now_ms - this.stepped_ms < STILL_MS) return false;
    return (
      this.newest_ms === null || this.of(now_ms) - this.newest_ms < retention_ms + (now_ms - this.stepped_ms)
    );
  }

  private step(now_ms: number, wrong_ms: number | null, ahead_ms: number): void {
    this.stepped_ms = now_ms;
    // What was before this run is dated with it: when processes started.
    const from_ms = wrong_ms === this.started_ms ? Number.NEGATIVE_INFINITY : (wrong_ms ?? now_ms);
    this.parts = [...this.parts.filter(part => part.from_ms < from_ms), { from_ms, ahead_ms }].slice(
      -MAX_PARTS,
    );
  }
}
