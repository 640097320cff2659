/** How much `y` rises for each unit of `x`, and how far off that may be (one standard error). */
export interface Slope {
  rise: number;
  error: number;
}

/** Least squares. Of fewer than two points, or of one instant: no rise; of two: no error is known, so 0. */
export function slope(points: readonly (readonly [x: number, y: number])[]): Slope {
  const n = points.length;
  if (n < 2) return { rise: 0, error: 0 };
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  let above = 0;
  let below = 0;
  for (const [x, y] of points) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  if (below === 0) return { rise: 0, error: 0 };
  const rise = above / below;
  const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - rise * (x - meanX)) ** 2, 0);
  return { rise, error: n < 3 ? 0 : Math.sqrt(residual / (n - 2) / below) };
}
