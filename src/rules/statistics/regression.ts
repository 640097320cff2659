import type { Points } from './series.js';

/** A straight line through points by least squares. */
export interface Line {
  slope_per_s: number;
  /** Share of the variance that the line explains, 0 to 1. */
  r2: number;
  /** Between the first point and the last. */
  span_ms: number;
  count: number;
}

/** Null for less than three points, or all at the same time. Values that never change have slope 0 and r² 0. */
export function fitLine({ times_ms, values }: Points): Line | null {
  const count = values.length;
  if (count < 3) return null;
  const start_ms = times_ms[0]!;
  let sumT = 0;
  let sumV = 0;
  for (let i = 0; i < count; i++) {
    sumT += times_ms[i]! - start_ms;
    sumV += values[i]!;
  }
  const meanT = sumT / count;
  const meanV = sumV / count;
  let tt = 0;
  let tv = 0;
  let vv = 0;
  for (let i = 0; i < count; i++) {
    const t = times_ms[i]! - start_ms - meanT;
    const v = values[i]! - meanV;
    tt += t * t;
    tv += t * v;
    vv += v * v;
  }
  if (tt === 0) return null;
  return {
    slope_per_s: (tv / tt) * 1000,
    r2: vv === 0 ? 0 : (tv * tv) / (tt * vv),
    span_ms: times_ms[count - 1]! - start_ms,
    count,
  };
}

/** The deepest fall from an earlier value to a later one, in the unit of the values; 0: it only rose. */
export function deepestFall(values: readonly number[]): number {
  let peak = Number.NEGATIVE_INFINITY;
  let fall = 0;
  for (const value of values) {
    peak = Math.max(peak, value);
    fall = Math.max(fall, peak - value);
  }
  return fall;
}
