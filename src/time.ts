/**
 * vigil's one clock: milliseconds since the epoch with fractions, counted on the monotonic clock from the
 * moment vigil started. A step of the wall clock moves neither deadlines nor the order of events.
 */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** `now()` of an instant of CLOCK_MONOTONIC, in ms. Node's clocks are that clock. */
export function fromMonotonic(monotonic_ms: number): number {
  return monotonic_ms + EPOCH_OF_MONOTONIC_MS;
}

const EPOCH_OF_MONOTONIC_MS = now() - Number(process.hrtime.bigint()) / 1e6;

/** Less than this between our clock and the wall's is no step but reading one after the other. */
const NO_STEP_MS = 20;

/** ISO 8601 in UTC with milliseconds, as the wall clock tells it now: it may have been set meanwhile. */
export function iso(time_ms: number): string {
  const step_ms = Date.now() - now();
  return new Date(Math.abs(step_ms) < NO_STEP_MS ? time_ms : time_ms + step_ms).toISOString();
}
