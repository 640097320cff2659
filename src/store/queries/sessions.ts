import type { Database } from 'better-sqlite3';
import type { Period } from '../records.js';
import { sound } from './rows.js';
import { date, number, objectOf, orNull, text } from './shape.js';

/** One agent session as far as it lies in the period. */
export interface SessionTotals {
  pid: number;
  agent: string;
  cwd: string | null;
  tty: string | null;
  uid: number | null;
  started_ms: number;
  /** Null: it had not ended when it was last seen. */
  ended_ms: number | null;
  last_ms: number;
  work_ms: number;
  wait_ms: number;
  unknown_ms: number;
  transitions: number;
  /** Null: no sample of it. */
  peak_rss_bytes: number | null;
  mean_cpu_percent: number | null;
  peak_processes: number | null;
}

/** The sessions that were there in the period, the latest first, at most `limit`. */
export function sessionTotals(
  db: Database,
  period: Period,
  limit: number,
  uid: number | null,
): SessionTotals[] {
  const parameters = { from_ms: period.from_ms, to_ms: period.to_ms, limit, uid };
  return sound(db.prepare<object, SessionTotals>(SQL).all(parameters), shape);
}

const shape = objectOf({
  pid: number,
  agent: text,
  cwd: orNull(text),
  tty: orNull(text),
  uid: orNull(number),
  started_ms: date,
  ended_ms: orNull(date),
  last_ms: date,
});

// A state holds until the next transition; the last one until the end, or until the session was last seen.
const SQL = `
  WITH chosen AS (
    SELECT * FROM sessions
    WHERE started_ms < :to_ms AND max(last_ms, coalesce(ended_ms, 0)) >= :from_ms
      AND (:uid IS NULL OR uid = :uid)
    ORDER BY started_ms DESC LIMIT :limit
  ),
  spans AS (
    SELECT transitions.session_id, to_state AS state, time_ms >= :from_ms AND time_ms < :to_ms AS inside,
      max(time_ms, :from_ms) AS begin_ms,
      min(lead(time_ms, 1, coalesce(ended_ms, last_ms)) OVER (PARTITION BY session_id ORDER BY time_ms, transitions.id),
        :to_ms) AS end_ms
    FROM transitions JOIN chosen ON chosen.id = session_id
  ),
  states AS (
    SELECT session_id, sum(inside) AS transitions,
      sum(iif(state = 'WORKING', max(0, end_ms - begin_ms), 0)) AS work_ms,
      sum(iif(state = 'WAITING', max(0, end_ms - begin_ms), 0)) AS wait_ms,
      sum(iif(state = 'UNKNOWN', max(0, end_ms - begin_ms), 0)) AS unknown_ms
    FROM spans GROUP BY session_id
  ),
  usage AS (
    SELECT session_id, max(rss_kib) * 1024 AS rss, sum(cpu_x10 * n) / sum(n) / 10.0 AS cpu,
      max(processes) AS processes
    FROM (
      SELECT session_id, rss_kib, cpu_x10, processes, 1 AS n FROM session_samples
      WHERE time_ms >= :from_ms AND time_ms < :to_ms
      UNION ALL
      SELECT session_id, rss_kib, cpu_x10, processes, n FROM session_minutes
      WHERE time_ms >= :from_ms AND time_ms < :to_ms
    ) GROUP BY session_id
  )
  SELECT pid, agent, cwd, tty, uid, started_ms, ended_ms, last_ms, coalesce(work_ms, 0) AS work_ms,
    coalesce(wait_ms, 0) AS wait_ms, coalesce(unknown_ms, 0) AS unknown_ms,
    coalesce(transitions, 0) AS transitions, rss AS peak_rss_bytes, cpu AS mean_cpu_percent,
    usage.processes AS peak_processes
  FROM chosen LEFT JOIN states ON states.session_id = id LEFT JOIN usage ON usage.session_id = id
  ORDER BY started_ms DESC`;
