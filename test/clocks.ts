import { Clock } from '../src/lib/time/time.js';

const HOUR_MS = 3_600_000;

/** A machine's clocks as the test moves them: awake, asleep, and with somebody who sets the wall clock. */
export class Clocks {
  private monotonic = 5 * HOUR_MS;
  private asleep: number;
  private wall = 1_800_000_000_000;

  /** `slept_ms`: before anybody looked. */
  constructor(slept_ms = 0) {
    this.asleep = slept_ms;
  }

  readonly sources = {
    wall_ms: () => this.wall,
    monotonic_ms: () => this.monotonic,
    boottime_ms: () => this.monotonic + this.asleep,
  };

  clock(boot_ms?: number): Clock {
    return new Clock(this.sources, boot_ms);
  }

  get monotonic_ms(): number {
    return this.monotonic;
  }

  get boottime_ms(): number {
    return this.monotonic + this.asleep;
  }

  passes(ms: number): this {
    this.monotonic += ms;
    this.wall += ms;
    return this;
  }

  sleeps(ms: number): this {
    this.asleep += ms;
    this.wall += ms;
    return this;
  }

  isSet(by_ms: number): this {
    this.wall += by_ms;
    return this;
  }
}
