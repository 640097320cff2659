import type { Database } from 'better-sqlite3';
import { hostColumns } from '../sample/columns.js';
import { type PackedProcess, pack, unpack } from '../sample/pack.js';
import { TOP_PROCESSES } from '../sample/sample.js';

export const MINUTE_MS = 60_000;
/** Ten minutes per slice: 60 snapshots at the usual interval. */
const SLICE_MS = 10 * MINUTE_MS;

/**
 * The samples of each minute become one row. The machine: mean, least and most of each figure. A session:
 * mean CPU, the most memory and descriptors, the last of the rest. Processes: mean CPU and most memory of
 * each, the largest ones. Does the oldest slice of before `before_ms`; true: there was one.
 */
export function thinMinutes(db: Database, before_ms: number): boolean {
  const oldest = db
    .prepare<[], number | null>(
      `SELECT min(t) FROM (SELECT min(time_ms) AS t FROM host_samples
       UNION ALL SELECT min(time_ms) FROM session_samples UNION ALL SELECT min(time_ms) FROM process_samples)`,
    )
    .pluck()
    .get();
  if (typeof oldest !== 'number' || oldest >= before_ms) return false;
  const from = Math.floor(oldest / MINUTE_MS) * MINUTE_MS;
  const to = Math.min(from + SLICE_MS, before_ms);
  db.prepare(hostMinutes(hostColumns(db))).run(from, to);
  db.prepare(SESSIONS).run(from, to);
  processes(db, from, to);
  for (const table of ['host_samples', 'session_samples', 'process_samples']) {
    db.prepare(`DELETE FROM ${table} WHERE time_ms >= ? AND time_ms < ?`).run(from, to);
  }
  return true;
}

const MINUTE = `time_ms / ${MINUTE_MS} * ${MINUTE_MS}`;
const hostMinutes = (columns: readonly string[]) => `
  INSERT OR REPLACE INTO host_minutes
    (time_ms, n, ${columns.map(c => `${c}, ${c}_min, ${c}_max`).join(', ')})
  SELECT ${MINUTE}, count(*),
    ${columns.map(c => `CAST(round(avg(${c})) AS INTEGER), min(${c}), max(${c})`).join(', ')}
  FROM host_samples WHERE time_ms >= ? AND time_ms < ? GROUP BY 1`;

const SESSIONS = `
  INSERT OR REPLACE INTO session_minutes
    (time_ms, n, session_id, state, cpu_x10, rss_kib, fds, processes, read_kib, write_kib, sockets)
  SELECT minute, n, last.session_id, last.state, cpu, rss, most_fds, last.processes, last.read_kib,
    last.write_kib, last.sockets
  FROM (
    SELECT ${MINUTE} AS minute, session_id, count(*) AS n, max(time_ms) AS last_ms,
      CAST(round(avg(cpu_x10)) AS INTEGER) AS cpu, max(rss_kib) AS rss, max(fds) AS most_fds
    FROM session_samples WHERE time_ms >= ? AND time_ms < ? GROUP BY 1, 2
  ) AS minutes
  JOIN session_samples AS last ON last.time_ms = last_ms AND last.session_id = minutes.session_id`;

function processes(db: Database, from_ms: number, to_ms: number): void {
  const rows = db
    .prepare<[number, number], { minute: number; entries: Buffer }>(
      `SELECT ${MINUTE} AS minute, entries FROM process_samples WHERE time_ms >= ? AND time_ms < ?`,
    )
    .all(from_ms, to_ms);
  const insert = db.prepare('INSERT OR REPLACE INTO process_minutes (time_ms, n, entries) VALUES (?, ?, ?)');
  const minutes = new Map<number, Buffer[]>();
  for (const { minute, entries } of rows) {
    const list = minutes.get(minute);
    if (list === undefined) minutes.set(minute, [entries]);
    else list.push(entries);
  }
  for (const [minute, samples] of minutes) insert.run(minute, samples.length, pack(merged(samples)));
}

function merged(samples: readonly Buffer[]): PackedProcess[] {
  const all = new Map<number, PackedProcess & { cpu_sum: number; cpu_n: number }>();
  for (const sample of samples) {
    unpack(sample, (id, rss_kib, cpu_x10, swap_kib) => {
      const one = all.get(id) ?? { id, rss_kib: 0, cpu_x10: null, swap_kib: 0, cpu_sum: 0, cpu_n: 0 };
      one.rss_kib = Math.max(one.rss_kib, rss_kib);
      one.swap_kib = Math.max(one.swap_kib, swap_kib);
      if (cpu_x10 !== null) {
        one.cpu_sum += cpu_x10;
        one.cpu_n++;
        one.cpu_x10 = Math.round(one.cpu_sum / one.cpu_n);
      }
      all.set(id, one);
    });
  }
  return keepTop([...all.values()]);
}

/** The largest and the busiest in turn, as in `topProcesses`. */
function keepTop(all: PackedProcess[]): PackedProcess[] {
  if (all.length <= TOP_PROCESSES) return all;
  const large = [...all].sort((a, b) => b.rss_kib - a.rss_kib);
  const busy = [...all].sort((a, b) => (b.cpu_x10 ?? 0) - (a.cpu_x10 ?? 0));
  const kept = new Set<PackedProcess>();
  for (let i = 0; kept.size < TOP_PROCESSES; i++) {
    kept.add(large[i]!);
    if (kept.size < TOP_PROCESSES) kept.add(busy[i]!);
  }
  return [...kept];
}
