import type { Database } from 'better-sqlite3';
import type { Alert } from '../../model/alert.js';
import type { Operation } from '../operation.js';
import type { DiagnosisRecord, StoredAction } from '../records.js';

type Entry = Exclude<Operation, { type: 'sample' | 'transition' | 'redate' }>;

export const INTERRUPTED = 'interrupted: vigil ended before it did';

/** Writes what is no sample: alerts, actions, diagnoses, baselines, the whitelist. */
export class RecordWriter {
  private readonly statements;

  constructor(db: Database) {
    this.statements = {
      alert: db.prepare(
        `INSERT INTO alerts (id, rule, key, status, severity, uid, opened_ms, updated_ms, resolved_ms, alert)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id, opened_ms) DO UPDATE SET status = excluded.status, severity = excluded.severity,
           updated_ms = excluded.updated_ms, resolved_ms = excluded.resolved_ms, alert = excluded.alert`,
      ),
      // Found again by its number: the date at which it was opened may have been another one in between.
      openAlert: db.prepare(
        `UPDATE alerts SET status = ?, severity = ?, updated_ms = ?, resolved_ms = ?,
           alert = json_set(?, '$.opened_ms', opened_ms)
         WHERE row = (SELECT max(row) FROM alerts WHERE id = ? AND key = ? AND status = 'open')`,
      ),
      action: db.prepare<unknown[], { row: number }>(
        `INSERT INTO actions (id, time_ms, mode, requested_by, alert_id, what, targets, argv, evidence,
           before, after, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id, time_ms) DO UPDATE SET targets = excluded.targets, evidence = excluded.evidence,
           before = excluded.before, after = excluded.after, result = excluded.result
         RETURNING row`,
      ),
      actionOwner: db.prepare('INSERT OR REPLACE INTO action_owners (uid, action, targets) VALUES (?, ?, ?)'),
      interrupted: db.prepare('UPDATE actions SET result = ? WHERE result IS NULL AND id <= ?'),
      counter: db.prepare(
        `INSERT INTO counters (name, value) VALUES (?, ?)
         ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)`,
      ),
      diagnosis: db.prepare(
        `INSERT INTO diagnoses (time_ms, alert_id, provider, model, input_tokens, output_tokens,
           cache_read_tokens, cache_write_tokens, answer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ),
      baseline: db.prepare(
        'INSERT OR REPLACE INTO baselines (key, hour, state, updated_ms) VALUES (?, ?, ?, ?)',
      ),
      whitelistAdd: db.prepare(
        `INSERT INTO whitelist (id, pattern, match_type, reason, created_ms) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (pattern, match_type) DO UPDATE SET id = excluded.id ON CONFLICT (id) DO NOTHING`,
      ),
      whitelistRemove: db.prepare('DELETE FROM whitelist WHERE pattern = ? AND match_type = ?'),
    };
  }

  write(record: Entry): void {
    switch (record.type) {
      case 'alert':
        this.alert(record.alert);
        return;
      case 'action':
        this.action(record.action);
        return;
      case 'actions_interrupted':
        this.statements.interrupted.run(INTERRUPTED, record.up_to_id);
        return;
      case 'sync':
        this.statements.counter.run('sync', 0);
        return;
      case 'diagnosis':
        this.diagnosis(record.diagnosis);
        return;
      case 'baseline': {
        const { key, hour, state } = record.baseline;
        this.statements.baseline.run(key, hour, json(state), Math.round(record.time_ms));
        return;
      }
      case 'whitelist_add': {
        const { id, pattern, match_type, reason, created_ms } = record.row;
        this.statements.whitelistAdd.run(id, pattern, match_type, reason, Math.round(created_ms));
        this.statements.counter.run('whitelist', id);
        return;
      }
      case 'whitelist_remove':
        this.statements.whitelistRemove.run(record.pattern, record.match_type);
    }
  }

  private alert(alert: Alert): void {
    const { id, rule, key, status, severity, opened_ms, updated_ms, resolved_ms, subject } = alert;
    const times = [updated_ms, resolved_ms].map(time_ms => (time_ms === null ? null : Math.round(time_ms)));
    const text = JSON.stringify(alert);
    const known = this.statements.openAlert.run(status, severity, ...times, text, id, key);
    if (known.changes === 0) {
      const opened = Math.round(opened_ms);
      this.statements.alert.run(id, rule, key, status, severity, subject.uid, opened, ...times, text);
    }
    this.statements.counter.run('alert', id);
  }

  private action(action: StoredAction): void {
    const { row } = this.statements.action.get(
      action.id,
      Math.round(action.time_ms),
      action.mode,
      action.requested_by,
      action.alert_id,
      action.what,
      json(action.targets),
      action.argv === null ? null : json(action.argv),
      json(action.evidence),
      json(action.before),
      json(action.after),
      action.result,
    )!;
    for (const [uid, targets] of action.owners) this.statements.actionOwner.run(uid, row, targets);
    this.statements.counter.run('action', action.id);
  }

  private diagnosis(diagnosis: DiagnosisRecord): void {
    this.statements.diagnosis.run(
      Math.round(diagnosis.time_ms),
      diagnosis.alert_id,
      diagnosis.provider,
      diagnosis.model,
      diagnosis.input_tokens,
      diagnosis.output_tokens,
      diagnosis.cache_read_tokens,
      diagnosis.cache_write_tokens,
      json(diagnosis.answer),
    );
  }
}

function json(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}
