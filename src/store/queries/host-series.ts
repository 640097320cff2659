import type { Database } from 'better-sqlite3';
import type { Period } from '../records.js';
import { type FigureColumn, figureOf, hostColumns } from '../sample/columns.js';

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
  const metrics = hostColumns(db)
    .map(figureOf)
    .filter(({ name }) => names === undefined || names.includes(name));
  const parts = metrics.map(() => new Array<Part | null>(count).fill(null));
  if (metrics.length > 0) {
    // Two plain queries: over a union SQLite would copy every row first.
    for (const sql of [samples(metrics), minutes(metrics)]) {
      const rows = db.prepare<object, (number | null)[]>(sql).raw();
      for (const row of rows.iterate({ from_ms, to_ms, bucket_ms })) add(parts, row);
    }
  }
  const series = Object.fromEntries(
    metrics.map(({ name, scale }, i) => [name, parts[i]!.map(part => bucketOf(part, scale))]),
  );
  return { from_ms, to_ms, bucket_ms, series };
}

/** In the unit of the column. */
interface Part {
  min: number;
  max: number;
  sum: number;
  n: number;
}

const BUCKET = 'CAST((time_ms - :from_ms) / :bucket_ms AS INTEGER)';

function samples(metrics: readonly FigureColumn[]): string {
  const values = metrics.map(({ column: c }) => `min(${c}), max(${c}), sum(${c}), count(${c})`);
  return `SELECT ${BUCKET}, ${values.join(', ')} FROM host_samples
    WHERE time_ms >= :from_ms AND time_ms < :to_ms GROUP BY 1`;
}

/** A minute counts as many samples as it was made of, where the figure was known. */
function minutes(metrics: readonly FigureColumn[]): string {
  const values = metrics.map(
    ({ column: c }) => `min(${c}_min), max(${c}_max), sum(${c} * n), sum(iif(${c} IS NULL, 0, n))`,
  );
  return `SELECT ${BUCKET}, ${values.join(', ')} FROM host_minutes
    WHERE time_ms >= :from_ms AND time_ms < :to_ms GROUP BY 1`;
}

function add(parts: (Part | null)[][], row: readonly (number | null)[]): void {
  const bucket = row[0]!;
  parts.forEach((part, i) => {
    const [min, max, sum, n] = row.slice(1 + 4 * i, 5 + 4 * i) as [number | null, number, number, number];
    if (min === null || bucket >= part.length) return;
    const before = part[bucket];
    part[bucket] =
      before == null
        ? { min, max, sum, n }
        : {
            min: Math.min(before.min, min),
            max: Math.max(before.max, max),
            sum: before.sum + sum,
            n: before.n + n,
          };
  });
}

function bucketOf(part: Part | null, scale: number): Bucket | null {
  if (part === null) return null;
  return { min: part.min / scale, avg: part.sum / part.n / scale, max: part.max / scale };
}
