import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { everySecond } from './every-second.js';

/** Node's own timer that measures how late it is: 20 times a second, which an idle machine would feel. */
const RESOLUTION_MS = 50;
/** In a second with less work than this no pause can be long. */
const BUSY_MS = 50;
const TICK_MS = 1_000;
const MINUTE_TICKS = 60;

export interface LoopReport {
  /** Since the start: at most so long nothing else could be done. */
  longest_pause_ms: number;
  /** The same in the last minute. */
  last_minute_ms: number;
}

/**
 * How long the event loop was kept by one piece of work. What costs nothing comes first: between two turns that were
 * noted the loop was active for so long altogether, and no pause was longer. Only while it has much to do Node's timer
 * measures more exactly. One for the process: the loop is one.
 */
class LoopPauses {
  private active_ms = 0;
  private tick_ms = 0;
  private windowActive_ms = 0;
  private longestTurn_ms = 0;
  private longest_ms = 0;
  private readonly minute: number[] = [];
  private older: IntervalHistogram | null = null;
  private newer: IntervalHistogram | null = null;
  private ending = false;
  private end: (() => void) | null = null;

  start(): void {
    if (this.end !== null) return;
    this.active_ms = performance.eventLoopUtilization().active;
    this.tick_ms = performance.now();
    this.end = everySecond(() => this.tick());
    this.measureExactly();
  }

  stop(): void {
    this.end?.();
    this.end = null;
    this.measureNoMore();
  }

  /** Another turn of the loop begins. For work that comes in pieces: its sum is no pause. */
  turn(): void {
    const { active } = performance.eventLoopUtilization();
    const worked_ms = active - this.active_ms;
    this.active_ms = active;
    this.windowActive_ms += worked_ms;
    this.longestTurn_ms = Math.max(this.longestTurn_ms, worked_ms);
  }

  /** For work that comes in no order: this turn ends with what the loop does now. Costs next to nothing. */
  endsSoon(): void {
    if (this.ending || this.end === null) return;
    this.ending = true;
    setImmediate(() => {
      this.ending = false;
      this.turn();
    });
  }

  report(): LoopReport {
    const last_minute_ms = Math.max(0, ...this.minute);
    return { longest_pause_ms: Math.round(this.longest_ms), last_minute_ms: Math.round(last_minute_ms) };
  }

  private tick(): void {
    this.turn();
    const now_ms = performance.now();
    const late_ms = now_ms - this.tick_ms - TICK_MS;
    this.tick_ms = now_ms;
    const exact_ms =
      this.older === null ? Number.POSITIVE_INFINITY : this.older.max / 1e6 - RESOLUTION_MS / 2;
    const pause_ms = Math.max(0, late_ms, Math.min(this.longestTurn_ms, exact_ms));
    this.longest_ms = Math.max(this.longest_ms, pause_ms);
    this.minute.push(pause_ms);
    if (this.minute.length > MINUTE_TICKS) this.minute.shift();
    if (this.windowActive_ms >= BUSY_MS) this.measureExactly();
    else this.measureNoMore();
    this.windowActive_ms = 0;
    this.longestTurn_ms = 0;
  }

  /** One does not see the turn in which it begins: the second before is told by the one that began before that. */
  private measureExactly(): void {
    this.older?.disable();
    this.older = this.newer;
    this.newer = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.newer.enable();
  }

  private measureNoMore(): void {
    this.older?.disable();
    this.newer?.disable();
    this.older = null;
    this.newer = null;
  }
}

export const loopPauses = new LoopPauses();
