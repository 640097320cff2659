import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { onTick } from './ticker.js';

/** Node's own timer that measures how late it is: 20 times a second, which an idle machine would feel. */
const RESOLUTION_MS = 50;
/** In a second with less work than this no pause can be long. */
const BUSY_MS = 50;
const TICK_MS = 1_000;
const MINUTE_TICKS = 60;

export interface LoopReport {
  /** Since it serves: at most so long nothing else could be done. */
  longest_pause_ms: number;
  /** The same in the last minute. */
  last_minute_ms: number;
  /** The longest before that, while nobody could wait for it; 0: it still starts. */
  start_pause_ms: number;
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
  /** The longest turn of this second before it was measured exactly. */
  private unmeasured_ms = 0;
  private longest_ms = 0;
  private start_ms = 0;
  private starting = true;
  private minute: number[] = [];
  private older: ExactMeter | null = null;
  private newer: ExactMeter | null = null;
  private ending = false;
  private end: (() => void) | null = null;

  start(): void {
    if (this.end !== null) return;
    this.longest_ms = 0;
    this.start_ms = 0;
    this.starting = true;
    this.minute = [];
    this.active_ms = activeMs();
    this.tick_ms = performance.now();
    this.end = onTick('the measure of pauses', () => this.tick());
    this.measureExactly();
  }

  /** The start is over: from the next turn on somebody may wait, and is told of those pauses alone. */
  serving(): void {
    setImmediate(() => {
      if (this.end === null) return;
      this.starting = false;
      this.start_ms = Math.max(this.longest_ms, this.endWindow());
      this.longest_ms = 0;
      this.minute = [];
      this.measureNoMore();
      this.measureExactly();
    });
  }

  stop(): void {
    this.end?.();
    this.end = null;
    this.measureNoMore();
  }

  /** Another turn of the loop begins. For work that comes in pieces: its sum is no pause. */
  turn(): void {
    const active = activeMs();
    const worked_ms = active - this.active_ms;
    this.active_ms = active;
    this.windowActive_ms += worked_ms;
    this.longestTurn_ms = Math.max(this.longestTurn_ms, worked_ms);
    // A sum of turns that nobody noted would be taken for one of them: from here on it is told exactly.
    if (this.newer === null && this.windowActive_ms >= BUSY_MS) this.measureExactly();
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
    return {
      longest_pause_ms: Math.round(this.longest_ms),
      last_minute_ms: Math.round(Math.max(0, ...this.minute)),
      start_pause_ms: Math.round(this.start_ms),
    };
  }

  private tick(): void {
    const busy = this.windowActive_ms >= BUSY_MS;
    const pause_ms = this.endWindow();
    this.longest_ms = Math.max(this.longest_ms, pause_ms);
    this.minute.push(pause_ms);
    if (this.minute.length > MINUTE_TICKS) this.minute.shift();
    if (busy || this.starting) this.measureExactly();
    else this.measureNoMore();
  }

  /** The longest pause since the last one ended. */
  private endWindow(): number {
    this.turn();
    const now_ms = performance.now();
    const late_ms = now_ms - this.tick_ms - TICK_MS;
    const exact_ms =
      this.older?.longest_ms ??
      (this.newer === null ? Number.POSITIVE_INFINITY : Math.max(this.unmeasured_ms, this.newer.longest_ms));
    const pause_ms = Math.max(0, late_ms, Math.min(this.longestTurn_ms, exact_ms));
    this.tick_ms = now_ms;
    this.windowActive_ms = 0;
    this.longestTurn_ms = 0;
    this.unmeasured_ms = 0;
    return pause_ms;
  }

  /** The one that began before the second that is over tells most exactly of it. */
  private measureExactly(): void {
    this.older?.end();
    this.older = this.newer;
    this.newer = new ExactMeter();
    this.unmeasured_ms = this.longestTurn_ms;
  }

  private measureNoMore(): void {
    this.older?.end();
    this.newer?.end();
    this.older = null;
    this.newer = null;
  }
}

/** Node's timer, and what it does not see: the time until it came for the first time. */
class ExactMeter {
  private readonly delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private unseen_ms = 0;

  constructor() {
    this.delays.enable();
    const begin_ms = activeMs();
    setImmediate(() => {
      const first_ms = activeMs() - begin_ms;
      this.unseen_ms = first_ms;
      setTimeout(() => {
        this.unseen_ms = Math.max(first_ms, activeMs() - begin_ms - first_ms);
      }, RESOLUTION_MS).unref();
    });
  }

  get longest_ms(): number {
    return Math.max(this.unseen_ms, this.delays.max / 1e6 - RESOLUTION_MS / 2);
  }

  end(): void {
    this.delays.disable();
  }
}

function activeMs(): number {
  return performance.eventLoopUtilization().active;
}

export const loopPauses = new LoopPauses();
