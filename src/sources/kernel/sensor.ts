import type { KernelEvent } from '../../model/kernel-event.js';
import type { SensorHealth } from './health.js';

/** Each costs two system calls with each heartbeat, and four keys of a map that has room for twice as many. */
export const MAX_WATCHED = 2_000;

/**
 * The one narrow door to the kernel. Nothing else in vigil runs bpftrace.
 *
 * Life: construct (assigns only) → `start()` (probes the machine, picks the tier, attaches the lifecycle
 * program; resolves also when no tier but procfs is possible) → `watch()` any number of times → `stop()`.
 */
export interface Sensor {
  /** `signal` ends a start early, with all that it began: then the sensor is stopped for good. Never rejects. */
  start(signal?: AbortSignal): Promise<void>;
  /** Ends a start that is still under way, too. */
  stop(): Promise<void>;
  /**
   * The agents whose terminals matter now. The terminal program is attached while this set is not empty
   * and detached soon after it became empty; a changed set takes effect at once, without a gap. Of very many the first
   * ones are watched, and `health()` tells of the rest.
   */
  watch(agents: ReadonlySet<number>): void;
  health(): SensorHealth;
}

export interface SensorListener {
  event(event: KernelEvent): void;
  /** The lifecycle program attached again: what happened meanwhile is unknown, so /proc must be scanned again. */
  gap(reason: string): void;
  /** So many process events were lost; the same follows. Called for each hole in the lines, which may be many. */
  lost(count: number): void;
  /**
   * Starts and ends of processes arrive from now on (`true`), or may be missing from now on (`false`: it died, is
   * silent). Missing until it was called first: attaching can take longer than `start()` waits for it.
   */
  lifecycle(live: boolean): void;
  /**
   * Terminal events of all watched agents arrive from now on (`true`), or may be missing from now on
   * (`false`: detached, died, silent). Called on every change, at once.
   */
  terminal(live: boolean): void;
}
