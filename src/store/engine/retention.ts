import type { Database } from 'better-sqlite3';
import { LAST_SEEN_STEP_MS } from './process-rows.js';
import { MINUTE_MS, thinMinutes } from './thin.js';

const HOUR_MS = 3_600_000;
const FULL_RESOLUTION_MS = 24 * HOUR_MS;
/** What vigil did to somebody's processes can be asked for longer than what the machine looked like. */
const ACTIONS_KEPT_MS = 90 * 24 * HOUR_MS;
const ACTIONS_KEPT = 20_000;
/** Of one requester who is neither vigil nor root: nobody drives what was done to others out of the audit. */
const ACTIONS_OF_USER_KEPT = 1_000;
/** Of figures that nobody learns any more: a disk that was taken out. */
const BASELINES_KEPT_MS = 30 * 24 * HOUR_MS;
/** So much of the oldest time goes at once when there is too much. */
const DROP_MS = 20 * MINUTE_MS;
/** Rows or pages per slice: some milliseconds each. */
const SLICE_ROWS = 2_000;
const SLICE_PAGES = 256;
/** The oldest rows go when more than this part of the allowed pages is in use. */
const ROOM = 0.95;

const SAMPLE_TABLES = [
  'host_samples',
  'session_samples',
  'process_samples',
  'host_minutes',
  'session_minutes',
  'process_minutes',
] as const;

/** Deletes at most `:rows` rows for which `condition` holds. */
const some = (table: string, key: string, condition: string) =>
  `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${condition} LIMIT :rows)`;

/** Samples of before `:before_ms`, and the names that no later sample refers to. */
const OLD_SAMPLES = [
  ...SAMPLE_TABLES.map(table =>
    some(table, table.startsWith('session') ? 'time_ms, session_id' : 'time_ms', 'time_ms < :before_ms'),
  ),
  some('processes', 'id', `last_ms < :before_ms - ${LAST_SEEN_STEP_MS}`),
];

const OLD_RECORDS = [
  some('transitions', 'id', 'time_ms < :before_ms'),
  some('alerts', 'row', `opened_ms < :before_ms AND status = 'resolved' AND resolved_ms < :before_ms`),
  some('diagnoses', 'id', 'time_ms < :before_ms'),
  some('sessions', 'id', `last_ms < :before_ms - ${LAST_SEEN_STEP_MS}`),
  some('baselines', 'key, hour', `updated_ms < :before_ms - ${BASELINES_KEPT_MS}`),
];

/** Thins, deletes, gives back and keeps the size: in slices, so that nobody waits long for a write. */
export class Retention {
  constructor(
    private readonly db: Database,
    public retention_ms: number,
    private readonly max_pages: number,
  ) {}

  /** One slice. `more`: it is not done yet; `dropped`: rows that are in use may be gone. */
  step(time_ms: number): { more: boolean; dropped: boolean } {
    // SQLite takes no limit below the present size: a lower one than before holds when the file is so small.
    this.db.pragma(`max_page_count = ${this.max_pages}`);
    if (this.used() > ROOM) return { more: this.dropOldest(), dropped: true };
    const work = () => this.thin(time_ms) || this.expire(time_ms) || this.trimActions(time_ms);
    return { more: this.db.transaction(work).immediate() || this.giveBack(), dropped: false };
  }

  /** When a write did not fit any more. False: there is nothing left to drop. */
  makeRoom(): boolean {
    let dropped = false;
    while (this.used() > ROOM && this.dropOldest()) dropped = true;
    return dropped;
  }

  /** Part of the allowed pages that is in use, 0 to 1. */
  private used(): number {
    return (this.pragma('page_count') - this.pragma('freelist_count')) / this.max_pages;
  }

  private thin(time_ms: number): boolean {
    const before = Math.floor((time_ms - FULL_RESOLUTION_MS) / MINUTE_MS) * MINUTE_MS;
    return thinMinutes(this.db, before);
  }

  private expire(time_ms: number): boolean {
    const before = Math.round(time_ms - this.retention_ms);
    return this.delete([...OLD_SAMPLES, ...OLD_RECORDS], before);
  }

  private trimActions(time_ms: number): boolean {
    const kept_ms = Math.max(ACTIONS_KEPT_MS, this.retention_ms);
    // First: it is not others' rows that make room for them.
    const surplus = this.db
      .prepare(
        `DELETE FROM actions WHERE row IN (SELECT row FROM (
           SELECT row, row_number() OVER (PARTITION BY requested_by ORDER BY row DESC) AS place
           FROM actions WHERE requested_by LIKE 'uid %' AND requested_by != 'uid 0'
         ) WHERE place > ${ACTIONS_OF_USER_KEPT})`,
      )
      .run();
    const old = this.db
      .prepare(
        `DELETE FROM actions WHERE time_ms < ? OR row <= (SELECT row FROM actions ORDER BY row DESC
         LIMIT 1 OFFSET ${ACTIONS_KEPT})`,
      )
      .run(Math.round(time_ms - kept_ms));
    return old.changes + surplus.changes > 0;
  }

  /** Samples go first, those of some minutes at a time; then everything else but the whitelist, actions last. */
  private dropOldest(): boolean {
    const oldest = oldestSample(this.db);
    return this.db
      .transaction(() => {
        if (oldest !== null) return this.delete(OLD_SAMPLES, oldest + DROP_MS);
        for (const table of ['transitions', 'diagnoses', 'alerts', 'processes', 'baselines', 'actions']) {
          const { changes } = this.db
            .prepare(
              table === 'baselines'
                ? 'DELETE FROM baselines'
                : `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} ORDER BY rowid LIMIT ?)`,
            )
            .run(...(table === 'baselines' ? [] : [SLICE_ROWS]));
          if (changes > 0) return true;
        }
        return false;
      })
      .immediate();
  }

  private delete(statements: readonly string[], before_ms: number): boolean {
    let more = false;
    for (const sql of statements) {
      const { changes } = this.db.prepare(sql).run({ before_ms, rows: SLICE_ROWS });
      more ||= changes > 0;
    }
    return more;
  }

  /** Free pages go back to the file system, some at a time. */
  private giveBack(): boolean {
    const free = this.pragma('freelist_count');
    // A few are left, since the next batch wants them, unless the file is too large with them.
    if (free === 0 || (free <= SLICE_PAGES && this.pragma('page_count') <= this.max_pages)) return false;
    this.db.pragma(`incremental_vacuum(${SLICE_PAGES})`);
    return this.pragma('freelist_count') < free;
  }

  private pragma(name: string): number {
    return this.db.pragma(name, { simple: true }) as number;
  }
}

/** Null: there is none. */
export function oldestSample(db: Database): number | null {
  const tables = SAMPLE_TABLES.map(table => `SELECT min(time_ms) AS t FROM ${table}`).join(' UNION ALL ');
  return db.prepare<[], number | null>(`SELECT min(t) FROM (${tables})`).pluck().get() ?? null;
}
