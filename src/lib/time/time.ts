import { uptime } from 'node:os';

/** What a Clock is made of; other ones in tests. */
export interface ClockSources {
  /** CLOCK_REALTIME: what the person's clock shows, and what files are dated with. May be set at any time. */
  wall_ms(): number;
  /** CLOCK_MONOTONIC: stands still while the machine sleeps. */
  monotonic_ms(): number;
  /** CLOCK_BOOTTIME: goes on while the machine sleeps. Read seldom: it costs a file of /proc. */
  boottime_ms(): number;
}

/** Less than this between our clock and the wall's is no step but reading one after the other. */
const NO_STEP_MS = 20;
/** The wall clock moved by so much against the monotonic one: it was set, or the machine slept. */
const NOTICED_MS = 500;

/**
 * vigil's time: milliseconds since the epoch with fractions, as the wall clock said it when vigil started and
 * counted on since. A step of the wall clock moves neither deadlines nor the order of events; the time that the
 * machine sleeps counts, as it does in the start times of processes.
 *
 * No timer of its own looks for sleep: whoever asks for the time first after it finds the wall clock ahead, and only then
 * CLOCK_BOOTTIME is asked whether that was sleep or somebody who set the clock.
 */
export class Clock {
  /** When the machine booted, in this clock's time. */
  readonly boot_ms: number;
  /** This clock at the zero of CLOCK_MONOTONIC, the sleep of before taken in. */
  private readonly origin_ms: number;
  private readonly asleepBefore_ms: number;
  private slept = 0;
  private step_ms = 0;

  /** `boot_ms`: as another clock of this machine says it, to tell the same time as that one. */
  constructor(
    private readonly sources: ClockSources,
    boot_ms?: number,
  ) {
    const monotonic_ms = sources.monotonic_ms();
    const boottime_ms = sources.boottime_ms();
    this.asleepBefore_ms = boottime_ms - monotonic_ms;
    this.boot_ms = boot_ms ?? sources.wall_ms() - boottime_ms;
    this.origin_ms = this.boot_ms + this.asleepBefore_ms;
    this.step_ms = sources.wall_ms() - this.origin_ms - monotonic_ms;
  }

  now(): number {
    return this.fromMonotonic(this.sources.monotonic_ms());
  }

  /** `now()` of an instant of CLOCK_MONOTONIC since the machine slept last. */
  fromMonotonic(monotonic_ms: number): number {
    this.lookForSleep();
    return this.origin_ms + monotonic_ms + this.slept;
  }

  /** How long the machine has slept since this clock was made. */
  slept_ms(): number {
    this.lookForSleep();
    return this.slept;
  }

  /** The same instant as the wall clock tells it now, which may have been set meanwhile: how files are dated. */
  wallTime(time_ms: number): number {
    const step_ms = this.sources.wall_ms() - this.now();
    return Math.abs(step_ms) < NO_STEP_MS ? time_ms : time_ms + step_ms;
  }

  private lookForSleep(): void {
    const monotonic_ms = this.sources.monotonic_ms();
    const step_ms = this.sources.wall_ms() - this.origin_ms - monotonic_ms;
    if (Math.abs(step_ms - this.step_ms) < NOTICED_MS) return;
    this.step_ms = step_ms;
    const slept_ms = this.sources.boottime_ms() - monotonic_ms - this.asleepBefore_ms;
    if (slept_ms > this.slept + NOTICED_MS) this.slept = slept_ms;
  }
}

/** Node's clocks are CLOCK_MONOTONIC, counted from its start. */
const MONOTONIC_AT_START_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

const SOURCES: ClockSources = {
  wall_ms: () => Date.now(),
  monotonic_ms: () => MONOTONIC_AT_START_MS + performance.now(),
  boottime_ms: () => uptime() * 1000,
};

/** The clock of this process. */
export let clock = new Clock(SOURCES);

/** From now on this process tells the time of another one, whose clock says that the machine booted then. */
export function keepTimeOf(boot_ms: number): void {
  clock = new Clock(SOURCES, boot_ms);
}

/** vigil's time, in ms since the epoch with fractions. */
export function now(): number {
  return clock.now();
}

/** `now()` of an instant of CLOCK_MONOTONIC, in ms. */
export function fromMonotonic(monotonic_ms: number): number {
  return clock.fromMonotonic(monotonic_ms);
}

/** An instant of vigil's time as the wall clock tells it now: to compare it with the dates of files. */
export function wallTime(time_ms: number): number {
  return clock.wallTime(time_ms);
}

/** ISO 8601 in UTC with milliseconds, as the wall clock tells it now: it may have been set meanwhile. */
export function iso(time_ms: number): string {
  return new Date(wallTime(time_ms)).toISOString();
}
