import { deepestFall, fitLine, type Line } from './regression.js';
import type { Points } from './series.js';

/** Memory that is given back by more than this share of what was gained is no leak but work. */
const MAX_FALL = 0.1;
/** It goes on: in its newest quarter it grew at no less than half its pace. */
const NEWEST = 1 / 4;
const STILL = 1 / 2;

/** How a quantity grew within a window. */
export interface Growth {
  gained: number;
  over_ms: number;
}

/**
 * Growth that went on step by step until now: from the lowest value of the window to the last one, in at
 * least `min_steps` rises, hardly ever falling, the last of them in the newer half. One jump (a file read
 * into memory, a program starting) is none, nor what has ended.
 */
export function steadyGrowth(points: Points, min_steps: number): Growth | null {
  const { times_ms, values } = points;
  if (values.length < min_steps + 1) return null;
  let low = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! <= values[low]!) low = i;
  const rest = values.slice(low);
  // What it had before and gave back is no growth when it is taken again: garbage collectors do that.
  const had = values.slice(0, low + 1).reduce((a, b) => Math.max(a, b));
  const gained = rest.at(-1)! - had;
  if (gained <= 0 || deepestFall(rest) > gained * MAX_FALL) return null;
  const noticeable = gained * 0.02;
  let rises = 0;
  let lastRise = 0;
  for (let i = 1; i < rest.length; i++) {
    if (rest[i]! - rest[i - 1]! < noticeable) continue;
    rises++;
    lastRise = i;
  }
  if (rises < min_steps || lastRise < (rest.length - 1) / 2) return null;
  // Few values: each is a good part of the whole, and one without a rise says nothing.
  const newest = Math.ceil((rest.length - 1) * NEWEST);
  const late = rest.at(-1)! - rest.at(-1 - newest)!;
  if (newest >= 3 && late < (gained * newest * STILL) / (rest.length - 1)) return null;
  return { gained, over_ms: times_ms.at(-1)! - times_ms[low]! };
}

/**
 * A straight rise over a long time: the line explains nearly everything, hardly any fall, and the newer half
 * still rises. Null where the points span less than `min_span_ms`.
 */
export function steadyTrend(points: Points, min_span_ms: number, min_r2: number): (Line & Growth) | null {
  const line = fitLine(points);
  if (line === null || line.span_ms < min_span_ms || line.slope_per_s <= 0 || line.r2 < min_r2) return null;
  const { values, times_ms } = points;
  const gained = values.at(-1)! - values[0]!;
  if (gained <= 0 || deepestFall(values) > gained * MAX_FALL) return null;
  const half = values.length >> 1;
  const newer = fitLine({ times_ms: times_ms.slice(half), values: values.slice(half) });
  if (newer === null || newer.slope_per_s < line.slope_per_s / 4) return null;
  return { ...line, gained, over_ms: line.span_ms };
}
