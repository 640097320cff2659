import type { Database } from 'better-sqlite3';
import type { Transition } from '../../agents/model.js';
import type { Alert, Severity } from '../../alerts/alert.js';
import type { ActionRecord, BaselineRecord, DiagnosisRecord, DiagnosisUsage, Period } from '../records.js';

/** The alerts of one rule that were open at some time of the period. */
export interface RuleTotals {
  rule: string;
  count: number;
  open: number;
  /** Sum of the times they were open within the period. */
  open_ms: number;
  last_opened_ms: number;
  severities: Partial<Record<Severity, number>>;
}

const IN_PERIOD = 'opened_ms < :to_ms AND (resolved_ms IS NULL OR resolved_ms >= :from_ms)';

/** Those with most alerts first. */
export function alertsByRule(db: Database, period: Period): RuleTotals[] {
  const rows = db
    .prepare<object, Omit<RuleTotals, 'severities'> & { severities: string }>(
      `SELECT rule, sum(c) AS count, sum(o) AS open, sum(ms) AS open_ms, max(last) AS last_opened_ms,
         json_group_object(severity, c) AS severities
       FROM (
         SELECT rule, severity, count(*) AS c, sum(status = 'open') AS o, max(opened_ms) AS last,
           sum(min(coalesce(resolved_ms, :to_ms), :to_ms) - max(opened_ms, :from_ms)) AS ms
         FROM alerts WHERE ${IN_PERIOD} GROUP BY rule, severity
       ) GROUP BY rule ORDER BY count DESC, rule`,
    )
    .all({ ...period });
  return rows.map(row => ({ ...row, severities: JSON.parse(row.severities) }));
}

/** The alerts of a period, the latest first. `uid`: only that user's and the machine's. */
export function alertsOf(db: Database, period: Period, limit: number, uid: number | null): Alert[] {
  return db
    .prepare<object, string>(
      `SELECT alert FROM alerts WHERE ${IN_PERIOD} AND (:uid IS NULL OR alerts.uid IS NULL OR alerts.uid = :uid)
       ORDER BY opened_ms DESC, row DESC LIMIT :limit`,
    )
    .pluck()
    .all({ ...period, limit, uid })
    .map(text => JSON.parse(text));
}

/** The alert with this number; the latest where a history from elsewhere has it twice. */
export function alertById(db: Database, id: number): Alert | null {
  const text = db
    .prepare<[number], string>('SELECT alert FROM alerts WHERE id = ? ORDER BY opened_ms DESC LIMIT 1')
    .pluck()
    .get(id);
  return text === undefined ? null : JSON.parse(text);
}

/** Alerts that nobody resolved: those of a vigil that ended, when it starts again. Oldest first. */
export function openAlerts(db: Database): Alert[] {
  return db
    .prepare<[], string>(`SELECT alert FROM alerts WHERE status = 'open' ORDER BY opened_ms LIMIT 1000`)
    .pluck()
    .all()
    .map(text => JSON.parse(text));
}

/** The latest first. `uid`: only those about a process of that user, and of them only what is that user's. */
export function actionsOf(db: Database, period: Period, limit: number, uid: number | null): ActionRecord[] {
  return db
    .prepare<object, Record<string, string | null>>(
      `SELECT id, time_ms, mode, requested_by, alert_id, what, targets, argv, evidence, before, after, result
       FROM actions WHERE time_ms >= :from_ms AND time_ms < :to_ms
         AND (:uid IS NULL OR EXISTS (SELECT 1 FROM json_each(targets) WHERE value ->> 'uid' = :uid))
       ORDER BY time_ms DESC, row DESC LIMIT :limit`,
    )
    .all({ ...period, limit, uid })
    .map(row => parsed<ActionRecord>(row, ['targets', 'argv', 'evidence', 'before', 'after']))
    .map(record => (uid === null ? record : ownPart(record, uid)));
}

/** Where processes of others were meant too, what was measured and said of all of them is left out. */
function ownPart(record: ActionRecord, uid: number): ActionRecord {
  const targets = record.targets.filter(target => target.uid === uid);
  if (targets.length === record.targets.length) return record;
  const outcome = record.result?.split(':', 1)[0] ?? null;
  return { ...record, targets, argv: null, evidence: null, before: null, after: null, result: outcome };
}

/** The latest first. */
export function diagnosesOf(db: Database, period: Period, limit: number): DiagnosisRecord[] {
  return db
    .prepare<object, Record<string, string | null>>(
      `SELECT time_ms, alert_id, provider, model, input_tokens, output_tokens, cache_read_tokens,
         cache_write_tokens, answer
       FROM diagnoses WHERE time_ms >= :from_ms AND time_ms < :to_ms ORDER BY time_ms DESC, id DESC LIMIT :limit`,
    )
    .all({ ...period, limit })
    .map(row => parsed<DiagnosisRecord>(row, ['answer']));
}

export function diagnosisUsage(db: Database, period: Period): DiagnosisUsage {
  return db
    .prepare<object, DiagnosisUsage>(
      `SELECT count(*) AS requests, total(input_tokens) AS input_tokens, total(output_tokens) AS output_tokens,
         total(cache_read_tokens) AS cache_read_tokens, total(cache_write_tokens) AS cache_write_tokens
       FROM diagnoses WHERE time_ms >= :from_ms AND time_ms < :to_ms`,
    )
    .get({ ...period })!;
}

export function baselines(db: Database): BaselineRecord[] {
  return db
    .prepare<[], Record<string, string | null>>('SELECT key, hour, state FROM baselines ORDER BY key, hour')
    .all()
    .map(row => parsed<BaselineRecord>(row, ['state']));
}

/** The latest first. */
export function transitionsOf(db: Database, period: Period, limit: number): Transition[] {
  return db
    .prepare<object, Record<string, string | null>>(
      `SELECT time_ms, pid, agent, from_state AS "from", to_state AS "to", reason, evidence, ending, tty, cwd
       FROM transitions JOIN sessions ON sessions.id = session_id
       WHERE time_ms >= :from_ms AND time_ms < :to_ms ORDER BY time_ms DESC, transitions.id DESC LIMIT :limit`,
    )
    .all({ ...period, limit })
    .map(row => parsed<Transition>(row, ['evidence', 'ending']));
}

function parsed<T>(row: Record<string, string | null>, columns: readonly string[]): T {
  const texts = columns.map(column => [column, row[column] == null ? null : JSON.parse(row[column]!)]);
  return { ...row, ...Object.fromEntries(texts) } as T;
}
