import type { Database } from 'better-sqlite3';
import type { Figure } from '../../model/figure.js';
import type { Snapshot } from '../../model/snapshot.js';

/**
 * Columns of the tables `host_samples` and `host_minutes`. They hold integers and say themselves what they hold:
 * `cpu_busy_percent_x100` is `cpu_busy_percent` in hundredths, `memory_used_kib` is `memory_used_bytes` in KiB. So what
 * was kept can be read without whoever declared it, and a new figure is a new column.
 */
export interface FigureColumn {
  /** Of the figure. */
  name: string;
  column: string;
  /** How many of the column's units one unit of the figure is. */
  scale: number;
}

const KIB = 1 / 1024;

export function columnOf({
  name,
  decimals = usualDecimals(name),
}: Pick<Figure, 'name' | 'decimals'>): FigureColumn {
  if (/_bytes(_per_s)?$/.test(name)) {
    return { name, column: name.replace(/_bytes(_per_s)?$/, '_kib$1'), scale: KIB };
  }
  const scale = 10 ** decimals;
  return { name, column: scale === 1 ? name : `${name}_x${scale}`, scale };
}

function usualDecimals(name: string): number {
  if (name.endsWith('_percent')) return 2;
  return name.endsWith('_celsius') ? 1 : 0;
}

/** The way back. */
export function figureOf(column: string): FigureColumn {
  if (/_kib(_per_s)?$/.test(column)) {
    return { name: column.replace(/_kib(_per_s)?$/, '_bytes$1'), column, scale: KIB };
  }
  const scale = /_x(10+)$/.exec(column)?.[1];
  if (scale === undefined) return { name: column, column, scale: 1 };
  return { name: column.slice(0, -`_x${scale}`.length), column, scale: Number(scale) };
}

/** What is kept of a snapshot, by column. */
export function hostRow(figures: readonly Figure[], snapshot: Snapshot): Record<string, number | null> {
  const row: Record<string, number | null> = {};
  for (const figure of figures) {
    const { column, scale } = columnOf(figure);
    const value = figure.of(snapshot);
    row[column] = typeof value === 'number' && Number.isFinite(value) ? Math.round(value * scale) : null;
  }
  return row;
}

/** Those that the database has, oldest first. */
export function hostColumns(db: Database): string[] {
  const columns = db.pragma('table_info(host_samples)') as { name: string }[];
  return columns.map(({ name }) => name).filter(name => name !== 'time_ms');
}

/** A place for a figure that was never kept before. */
export function addHostColumn(db: Database, column: string): void {
  if (!/^[a-z][a-z0-9_]*$/.test(column)) throw new Error(`not the name of a figure: ${column}`);
  db.exec(`ALTER TABLE host_samples ADD COLUMN ${column} INTEGER`);
  for (const name of [column, `${column}_min`, `${column}_max`]) {
    db.exec(`ALTER TABLE host_minutes ADD COLUMN ${name} INTEGER`);
  }
}
