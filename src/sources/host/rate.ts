/**
 * Per second, of a counter that only grows. Null without a value before, without time in between, and when
 * the counter went back: it was reset or wrapped around, and nobody knows how far it came.
 */
export function perSecond(before: number | undefined, now: number, elapsed_ms: number): number | null {
  if (before === undefined || elapsed_ms <= 0 || now < before) return null;
  return ((now - before) * 1000) / elapsed_ms;
}
