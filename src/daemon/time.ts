/**
 * Milliseconds since the epoch with fractions, on the monotonic clock: a step of the wall clock moves
 * neither deadlines nor the order of events.
 */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
