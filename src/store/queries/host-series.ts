import type { Database } from 'better-sqlite3';
import type { Period } from '../records.js';
import { HOST_METRICS } from '../sample/host-metrics.js';

export interface Bucket {
  min: number;
  avg: number;
  max: number;
}

export interface HostSeries extends Period {
  bucket_ms: number;
  /** By the name of the figure, e.g. `memory_used_bytes`; null: nothing was measured in that time. */
  series: Record<string, (Bucket | null)[]>;
}

/** The figures of the machine over a period in `buckets` equal parts, in the units of their names. */
export function hostSeries(
  db: Database,
  period: Period,
  buckets: number,
  names?: readonly string[],
): HostSeries {
  const { from_ms, to_ms } = period;
  const count = Math.min(10_000, Math.max(1, Math.floor(buckets)));
  const bucket_ms = Math.max(1, (to_ms - from_ms) / count);
  const metrics = HOST_METRICS.filter(({ name }) => names === undefined || names.includes(name));
  const series: HostSeries['series'] = Object.fromEntries(
    metrics.map(({ name }) => [name, new Array<Bucket | null>(count).fill(null)]),
  );
  const result = { from_ms, to_ms, bucket_ms, series };
  if (metrics.length === 0) return result;
  const rows = db.prepare<object, (number | null)[]>(sql(metrics.map(({ column }) => column))).raw();
  for (const row of rows.all({ from_ms, to_ms, bucket_ms })) {
    const bucket = row[0]!;
    metrics.forEach(({ name, scale }, i) => {
      const [min, avg, max] = row.slice(1 + 3 * i, 4 + 3 * i) as [number | null, number, number];
      if (min !== null && bucket < count) {
        series[name]![bucket] = { min: min / scale, avg: avg / scale, max: max / scale };
      }
    });
  }
  return result;
}

// A minute counts as many samples as it was made of, where the figure was known.
function sql(columns: readonly string[]): string {
  return `
  SELECT CAST((time_ms - :from_ms) / :bucket_ms AS INTEGER) AS bucket,
    ${columns.map(c => `min(${c}_min), sum(${c} * n) * 1.0 / sum(iif(${c} IS NULL, 0, n)), max(${c}_max)`).join(', ')}
  FROM (
    SELECT time_ms, 1 AS n, ${columns.map(c => `${c}, ${c} AS ${c}_min, ${c} AS ${c}_max`).join(', ')}
    FROM host_samples WHERE time_ms >= :from_ms AND time_ms < :to_ms
    UNION ALL
    SELECT time_ms, n, ${columns.map(c => `${c}, ${c}_min, ${c}_max`).join(', ')}
    FROM host_minutes WHERE time_ms >= :from_ms AND time_ms < :to_ms
  ) GROUP BY bucket`;
}
