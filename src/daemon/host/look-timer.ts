import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../lib/log/logger.js';
import { now } from '../../lib/time/time.js';
import type { Haste } from '../../sources/host/memory-watch.js';

export interface Sampling {
  sample_interval_normal_s: number;
  sample_interval_alert_s: number;
}

export interface LookTimerOptions {
  sampling: Sampling;
  logger: Pick<Logger, 'error'>;
  /** One look, judged. What it rejects with is logged, once until one succeeds. */
  look(): Promise<void>;
  /** Something is wrong with the machine: it is looked at closely. */
  isTroubled(): boolean;
  /** Memory begins to go fast: what is read seldom while it is still must be read with the next look. */
  onHaste(): void;
}

/** What follows a kill for want of memory is looked at as closely as an open alert. */
const CLOSELY_AFTER_OOM_MS = 10_000;
/** The journal tells the cause of a kill within a few hundred milliseconds. */
const SOON_MS = 1_000;
/** While memory goes fast: looks so far apart, but never so close that they are all that is done. */
const HASTE_MS = 500;
const REST_FACTOR = 5;
/** So long after it last went fast. */
const HASTE_FOR_MS = 5_000;
/** Where memory goes briskly, below the limit of a control group perhaps. */
const BRISK_MS = 4_000;

/** When the machine is looked at: seldom, more often while something is wrong, at once when it cannot wait. */
export class LookTimer {
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> | null = null;
  private sampling: Sampling;
  private hasteUntil_ms = Number.NEGATIVE_INFINITY;
  private lastOomKill_ms = Number.NEGATIVE_INFINITY;
  private lookedAt_ms = Number.NEGATIVE_INFINITY;
  private lookTook_ms = 0;
  private failing = false;
  private paused = false;
  private stopped = false;

  constructor(private readonly options: LookTimerOptions) {
    this.sampling = options.sampling;
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** Nothing more is to be looked at, or not now. */
  get isResting(): boolean {
    return this.paused || this.stopped;
  }

  /** Looks for the first time; resolves when that is done. */
  start(): Promise<void> {
    return this.tick();
  }

  /** Resolves when a look under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.clear();
    await this.looking;
  }

  configure(sampling: Sampling): void {
    const before = this.sampling;
    this.sampling = sampling;
    if (isDeepStrictEqual(before, sampling) || this.timer === null) return;
    this.wait();
  }

  pause(): void {
    this.paused = true;
    this.clear();
  }

  resume(): void {
    if (!this.paused || this.stopped) return;
    this.paused = false;
    void this.tick();
  }

  /** Somebody was killed for want of memory: that is told at once, or nearly so, since the journal tells why. */
  killedForMemory(): void {
    const known = now() - this.lastOomKill_ms < CLOSELY_AFTER_OOM_MS;
    this.lastOomKill_ms = now();
    if (known || this.timer === null) return;
    this.after(Math.min(SOON_MS, this.sampling.sample_interval_normal_s * 1000));
  }

  /** Processes multiply: told within seconds, or by nobody. */
  processesMultiply(): void {
    const rest_ms = Math.max(SOON_MS * 0.9, this.lookTook_ms * 2);
    if (this.timer === null || now() - this.lookedAt_ms < rest_ms) return;
    this.clear();
    void this.tick();
  }

  /** Memory that goes fast is gone before the next regular look. */
  memoryGoes(haste: Haste, time_ms: number): void {
    if (haste === null || this.timer === null) return;
    const first = time_ms >= this.hasteUntil_ms;
    if (haste === 'soon') this.hurry(time_ms);
    else if (time_ms - this.lookedAt_ms < BRISK_MS) return;
    if (first) this.options.onHaste();
    else if (haste === 'soon') return;
    this.after(Math.max(0, this.rested_ms(HASTE_MS) - (time_ms - this.lookedAt_ms)));
  }

  /** Some memory will be used up soon: the next looks follow each other closely. */
  hurry(time_ms: number): void {
    this.hasteUntil_ms = time_ms + HASTE_FOR_MS;
  }

  private tick(): Promise<void> {
    this.timer = null;
    this.looking ??= this.lookAndWait().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  private async lookAndWait(): Promise<void> {
    if (this.isResting) return;
    const begin_ms = performance.now();
    this.lookedAt_ms = now();
    try {
      await this.options.look();
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.options.logger.error({ err: error }, 'looking at the machine failed');
      this.failing = true;
    }
    this.lookTook_ms = performance.now() - begin_ms;
    this.wait();
  }

  private wait(): void {
    if (this.isResting) return;
    const { sample_interval_alert_s, sample_interval_normal_s } = this.sampling;
    const closely = this.options.isTroubled() || now() - this.lastOomKill_ms < CLOSELY_AFTER_OOM_MS;
    const interval_ms = (closely ? sample_interval_alert_s : sample_interval_normal_s) * 1000;
    const haste = now() < this.hasteUntil_ms;
    this.after(haste ? this.rested_ms(Math.min(HASTE_MS, interval_ms)) : interval_ms);
  }

  private after(wait_ms: number): void {
    this.clear();
    this.timer = setTimeout(() => void this.tick(), wait_ms);
  }

  private clear(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Never so short that looking is all that is done. */
  private rested_ms(wanted_ms: number): number {
    return Math.max(wanted_ms, this.lookTook_ms * REST_FACTOR);
  }
}
