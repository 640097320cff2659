import type { Database } from 'better-sqlite3';
import type { Transition } from '../../model/agent.js';
import type { Alert, Severity } from '../../model/alert.js';
import type { ActionRow, BaselineRecord, DiagnosisRecord, DiagnosisUsage, Period } from '../records.js';
import {
  ALERT_COLUMNS,
  actionOf,
  alertOf,
  fitting,
  jsonOf,
  MAX_ANSWER_CHARS,
  numberOf,
  type Row,
  textOf,
} from './rows.js';

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
  const rows = db
    .prepare<object, Row>(
      `SELECT ${ALERT_COLUMNS} FROM alerts
       WHERE ${IN_PERIOD} AND (:uid IS NULL OR alerts.uid IS NULL OR alerts.uid = :uid)
       ORDER BY opened_ms DESC, row DESC LIMIT :limit`,
    )
    .iterate({ ...period, limit, uid });
  return fitting(rows, alertOf);
}

/** The alert with this number; the latest where a history from elsewhere has it twice. */
export function alertById(db: Database, id: number): Alert | null {
  const row = db
    .prepare<[number], Row>(
      `SELECT ${ALERT_COLUMNS} FROM alerts WHERE id = ? ORDER BY opened_ms DESC LIMIT 1`,
    )
    .get(id);
  return row === undefined ? null : alertOf(row);
}

/** Alerts that nobody resolved: those of a vigil that ended, when it starts again. Oldest first. */
export function openAlerts(db: Database): Alert[] {
  return db
    .prepare<[], Row>(
      `SELECT ${ALERT_COLUMNS} FROM alerts WHERE status = 'open' ORDER BY opened_ms LIMIT 1000`,
    )
    .all()
    .map(alertOf);
}

/** The latest first. `uid`: only those about a process of that user, and of them only what is that user's. */
export function actionsOf(db: Database, period: Period, limit: number, uid: number | null): ActionRow[] {
  const rows = db
    .prepare<object, Row>(
      `SELECT id, time_ms, mode, requested_by, alert_id, what, targets, argv, evidence, before, after, result,
         (SELECT total(targets) FROM action_owners WHERE action = actions.row) AS targets_total,
         (SELECT total(targets) FROM action_owners WHERE action = actions.row AND uid = :uid) AS own_total
       FROM actions WHERE time_ms >= :from_ms AND time_ms < :to_ms
         AND (:uid IS NULL OR row IN (SELECT action FROM action_owners WHERE uid = :uid))
       ORDER BY time_ms DESC, row DESC LIMIT :limit`,
    )
    .iterate({ ...period, limit, uid });
  return fitting(rows, row =>
    uid === null ? actionOf(row) : ownPart(actionOf(row), uid, numberOf(row.own_total)),
  );
}

/** Where processes of others were meant too, what was measured and said of all of them is left out. */
function ownPart(record: ActionRow, uid: number, own_total: number): ActionRow {
  if (!record.damaged && own_total === record.targets_total) return record;
  const targets = record.targets.filter(target => target.uid === uid);
  const result = record.result?.split(':', 1)[0] ?? null;
  const others = { argv: null, evidence: null, before: null, after: null };
  return { ...record, ...others, targets, targets_total: own_total, result };
}

/** The latest first. */
export function diagnosesOf(db: Database, period: Period, limit: number): DiagnosisRecord[] {
  const rows = db
    .prepare<object, Row>(
      `SELECT time_ms, alert_id, provider, model, input_tokens, output_tokens, cache_read_tokens,
         cache_write_tokens, answer
       FROM diagnoses WHERE time_ms >= :from_ms AND time_ms < :to_ms ORDER BY time_ms DESC, id DESC LIMIT :limit`,
    )
    .iterate({ ...period, limit });
  // None is left out: what was spent counts. Only what was said may not fit.
  let chars = 0;
  return Array.from(rows, row => {
    chars += textOf(row.answer).length;
    return {
      time_ms: numberOf(row.time_ms),
      alert_id: typeof row.alert_id === 'number' ? row.alert_id : null,
      provider: textOf(row.provider),
      model: textOf(row.model),
      input_tokens: numberOf(row.input_tokens),
      output_tokens: numberOf(row.output_tokens),
      cache_read_tokens: numberOf(row.cache_read_tokens),
      cache_write_tokens: numberOf(row.cache_write_tokens),
      answer: chars > MAX_ANSWER_CHARS ? null : (jsonOf(row.answer) ?? null),
    };
  });
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

/** Whoever takes them over checks `state`. */
export function baselines(db: Database): BaselineRecord[] {
  return db
    .prepare<[], Row>('SELECT key, hour, state FROM baselines ORDER BY key, hour')
    .all()
    .map(row => ({ key: textOf(row.key), hour: numberOf(row.hour), state: jsonOf(row.state) ?? null }));
}

/** The latest first. */
export function transitionsOf(db: Database, period: Period, limit: number): Transition[] {
  const rows = db
    .prepare<object, Row>(
      `SELECT time_ms, pid, agent, from_state AS "from", to_state AS "to", reason, evidence, ending, tty, cwd
       FROM transitions JOIN sessions ON sessions.id = session_id
       WHERE time_ms >= :from_ms AND time_ms < :to_ms ORDER BY time_ms DESC, transitions.id DESC LIMIT :limit`,
    )
    .iterate({ ...period, limit });
  return fitting(rows, row => {
    const evidence = jsonOf(row.evidence) ?? {
      source: 'procfs',
      text: 'cannot be read',
      time_ms: row.time_ms,
    };
    return { ...row, evidence, ending: jsonOf(row.ending) ?? null } as Transition;
  });
}
