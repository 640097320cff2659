import type { Severity } from '../../model/alert.js';

/** Which severity begins where. */
export type Levels = Partial<Record<Severity, number>>;

export interface Level {
  /** The worst that was reached, null below all. */
  severity: Severity | null;
  /** At least the mildest less its hysteresis. */
  holds: boolean;
  /** The threshold of that severity; below all, the mildest one. */
  threshold: number;
}

const WORST_FIRST: readonly Severity[] = ['critical', 'high', 'warning', 'info'];

/**
 * @param value the more the worse
 * @param margin how far below the mildest threshold an open alert stays open; a twentieth of it when not given
 */
export function level(value: number, levels: Levels, margin?: number): Level {
  let mildest = Number.POSITIVE_INFINITY;
  for (const severity of WORST_FIRST) {
    const threshold = levels[severity];
    if (threshold === undefined) continue;
    if (value >= threshold) return { severity, holds: true, threshold };
    mildest = Math.min(mildest, threshold);
  }
  return { severity: null, holds: value >= mildest - (margin ?? mildest / 20), threshold: mildest };
}

/**
 * The same for what runs out.
 * @param value the less the worse: bad below a threshold
 * @param margin how far above the mildest threshold an open alert stays open
 */
export function levelBelow(value: number, levels: Levels, margin: number): Level {
  let mildest = Number.NEGATIVE_INFINITY;
  for (const severity of WORST_FIRST) {
    const threshold = levels[severity];
    if (threshold === undefined) continue;
    if (value < threshold) return { severity, holds: true, threshold };
    mildest = Math.max(mildest, threshold);
  }
  return { severity: null, holds: value < mildest + margin, threshold: mildest };
}
