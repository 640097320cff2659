import type { Database } from 'better-sqlite3';
import type { Period } from '../records.js';
import { unpack } from '../sample/pack.js';
import { greatest } from '../sample/top.js';
import { date, number, objectOf, orNull, text, WRONG } from './shape.js';

/** A process that was among the top. Means are over the moments in which it was. */
export interface ProcessTotals {
  pid: number;
  uid: number;
  comm: string;
  cmdline: string;
  /** Of its agent session. */
  session_pid: number | null;
  started_ms: number;
  peak_rss_bytes: number;
  mean_rss_bytes: number;
  peak_cpu_percent: number | null;
  mean_cpu_percent: number | null;
  peak_swap_bytes: number;
  /** Snapshots in which it was among the top. */
  samples: number;
}

interface Sums {
  id: number;
  n: number;
  rss_sum: number;
  rss_max: number;
  cpu_n: number;
  cpu_sum: number;
  cpu_max: number;
  swap_max: number;
}

/** By what the list is ordered. */
export type ProcessOrder = 'peak_rss' | 'mean_rss' | 'peak_cpu' | 'mean_cpu';

const VALUE: Record<ProcessOrder, (sums: Sums) => number> = {
  peak_rss: sums => sums.rss_max,
  mean_rss: sums => sums.rss_sum / sums.n,
  peak_cpu: sums => sums.cpu_max,
  mean_cpu: sums => (sums.cpu_n === 0 ? 0 : sums.cpu_sum / sums.cpu_n),
};

const MOST = 1000;

/** The `limit` first processes (1,000 at most) of a period in that order; of one user where `uid` is given. */
export function topOfPeriod(
  db: Database,
  period: Period,
  order: ProcessOrder,
  limit: number,
  uid: number | null,
): ProcessTotals[] {
  const value = VALUE[order];
  const theirs = uid === null ? null : processesOf(db, uid);
  const first = greatest(sumUp(db, period).values(), Math.min(limit, MOST), sums =>
    theirs === null || theirs.has(sums.id) ? Math.max(value(sums), Number.MIN_VALUE) : 0,
  );
  const find = db.prepare<[number], Found>(
    `SELECT processes.pid, processes.uid, comm, cmdline, sessions.pid AS session_pid, processes.started_ms
     FROM processes LEFT JOIN sessions ON sessions.id = session_id WHERE processes.id = ?`,
  );
  return first.flatMap(sums => {
    const row = find.get(sums.id);
    return row === undefined || shape(row) === WRONG ? [] : [{ ...row, ...totals(sums) }];
  });
}

function processesOf(db: Database, uid: number): Set<number> {
  return new Set(db.prepare<[number], number>('SELECT id FROM processes WHERE uid = ?').pluck().all(uid));
}

const shape = objectOf({
  pid: number,
  uid: number,
  comm: text,
  cmdline: text,
  session_pid: orNull(number),
  started_ms: date,
});

type Found = Pick<ProcessTotals, 'pid' | 'uid' | 'comm' | 'cmdline' | 'session_pid' | 'started_ms'>;

function sumUp(db: Database, { from_ms, to_ms }: Period): Map<number, Sums> {
  const all = new Map<number, Sums>();
  const rows = db
    .prepare<object, [number, Buffer]>(
      `SELECT 1, entries FROM process_samples WHERE time_ms >= :from_ms AND time_ms < :to_ms
       UNION ALL
       SELECT n, entries FROM process_minutes WHERE time_ms >= :from_ms AND time_ms < :to_ms`,
    )
    .raw()
    .iterate({ from_ms, to_ms });
  for (const [n, entries] of rows) {
    unpack(entries, (id, rss_kib, cpu_x10, swap_kib) => {
      let sums = all.get(id);
      if (sums === undefined) {
        sums = { id, n: 0, rss_sum: 0, rss_max: 0, cpu_n: 0, cpu_sum: 0, cpu_max: 0, swap_max: 0 };
        all.set(id, sums);
      }
      sums.n += n;
      sums.rss_sum += rss_kib * n;
      sums.rss_max = Math.max(sums.rss_max, rss_kib);
      sums.swap_max = Math.max(sums.swap_max, swap_kib);
      if (cpu_x10 === null) return;
      sums.cpu_n += n;
      sums.cpu_sum += cpu_x10 * n;
      sums.cpu_max = Math.max(sums.cpu_max, cpu_x10);
    });
  }
  return all;
}

function totals(sums: Sums): Omit<ProcessTotals, keyof Found> {
  const known = sums.cpu_n > 0;
  return {
    peak_rss_bytes: sums.rss_max * 1024,
    mean_rss_bytes: Math.round((sums.rss_sum / sums.n) * 1024),
    peak_cpu_percent: known ? sums.cpu_max / 10 : null,
    mean_cpu_percent: known ? sums.cpu_sum / sums.cpu_n / 10 : null,
    peak_swap_bytes: sums.swap_max * 1024,
    samples: sums.n,
  };
}
