import type { Database } from 'better-sqlite3';
import type { Redating } from '../dates.js';

const BY_TIME = [
  'host_samples',
  'session_samples',
  'process_samples',
  'host_minutes',
  'session_minutes',
  'process_minutes',
  'transitions',
  'actions',
  'diagnoses',
];

/** What this boot's sessions and processes were seen to do belongs to the run that saw them last. */
const BY_BOOT = {
  sessions: ['started_ms', 'ended_ms', 'last_ms'],
  processes: ['started_ms', 'last_ms'],
};

/** Rows that were dated wrong get the dates that they should have had. Runs within a transaction. */
export function redate(db: Database, boot: number, { from_ms, to_ms, by_ms }: Redating): void {
  const range = { from_ms: Math.floor(from_ms), to_ms: Math.ceil(to_ms), by_ms: Math.round(by_ms), boot };
  const run = (sql: string) => db.prepare<object>(sql).run(range);
  const within = (column: string) => `${column} >= :from_ms AND ${column} < :to_ms`;
  for (const table of BY_TIME) {
    // By way of times that no other row has: a row must not push out one that has not moved yet.
    run(`UPDATE ${table} SET time_ms = -(time_ms + :by_ms) WHERE ${within('time_ms')}`);
    db.prepare(`UPDATE OR REPLACE ${table} SET time_ms = -time_ms WHERE time_ms < 0`).run();
  }
  for (const [table, columns] of Object.entries(BY_BOOT)) {
    const moved = columns.map(column => `${column} = ${column} + :by_ms`).join(', ');
    run(`UPDATE ${table} SET ${moved} WHERE boot = :boot AND ${within('last_ms')}`);
  }
  for (const column of ['opened_ms', 'updated_ms', 'resolved_ms']) {
    run(
      `UPDATE OR REPLACE alerts SET ${column} = ${column} + :by_ms,
         alert = json_set(alert, '$.${column}', ${column} + :by_ms) WHERE ${within(column)}`,
    );
  }
  run(`UPDATE baselines SET updated_ms = updated_ms + :by_ms WHERE ${within('updated_ms')}`);
  run(`UPDATE whitelist SET created_ms = created_ms + :by_ms WHERE ${within('created_ms')}`);
}
