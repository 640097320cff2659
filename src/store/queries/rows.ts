import { type Alert, SEVERITIES, type Severity } from '../../model/alert.js';
import type { ActionRow } from '../records.js';
import {
  count,
  date,
  listOf,
  number,
  objectOf,
  oneOf,
  orNull,
  type Shape,
  tableOf,
  text,
  WRONG,
  yesOrNo,
} from './shape.js';

/**
 * Rows as they are read: a disk, another version or another hand may have left anything in them. One that is
 * damaged is shown as such, and takes nothing from the others.
 */

/** The texts of one answer together: it is one line of JSON on its way to a client. */
export const MAX_ANSWER_CHARS = 8 * 1024 * 1024;

const processShape = objectOf({ pid: number, start_ticks: number, uid: number, comm: text, cmdline: text });

const sessionShape = objectOf({
  pid: number,
  start_ticks: number,
  agent: text,
  cwd: orNull(text),
  alive: yesOrNo,
});

const alertShape = objectOf({
  id: count,
  rule: text,
  key: text,
  status: oneOf(['open', 'resolved']),
  severity: oneOf(SEVERITIES),
  title: text,
  text,
  suggestion: orNull(text),
  subject: objectOf({
    kind: oneOf(['host', 'process', 'processes', 'session', 'filesystem', 'disk', 'gpu', 'unit', 'cgroup']),
    name: text,
    uid: orNull(number),
    processes: listOf(processShape),
    session: orNull(sessionShape),
    lineage: orNull(text),
  }),
  numbers: tableOf(number),
  opened_ms: date,
  updated_ms: date,
  resolved_ms: orNull(number),
});
const targetsShape = listOf(processShape);
const argvShape = orNull(listOf(text));

/** As SQLite has it: a column may hold anything. */
export type Row = Readonly<Record<string, unknown>>;

export const ALERT_COLUMNS = 'id, rule, status, severity, uid, opened_ms, updated_ms, resolved_ms, alert';

/** Keys of alerts whose rows are damaged begin with it. */
export const DAMAGED_KEY = 'damaged:';

export function alertOf(row: Row): Alert {
  const read = alertShape(jsonOf(row.alert));
  if (read !== WRONG) return read;
  const id = numberOf(row.id);
  const opened_ms = dateOf(row.opened_ms);
  return {
    id,
    rule: textOf(row.rule),
    key: `${DAMAGED_KEY}${id}`,
    status: row.status === 'open' ? 'open' : 'resolved',
    severity: SEVERITIES.includes(row.severity as Severity) ? (row.severity as Severity) : 'info',
    title: 'an alert that cannot be read: its row in the history is damaged',
    text: 'What it was about is not known any more.',
    suggestion: null,
    subject: {
      kind: 'host',
      name: 'unknown',
      uid: typeof row.uid === 'number' ? row.uid : null,
      processes: [],
      session: null,
      lineage: null,
    },
    numbers: {},
    opened_ms,
    updated_ms: dateOf(row.updated_ms),
    resolved_ms: row.status === 'open' ? null : dateOf(row.resolved_ms ?? opened_ms),
  };
}

export function actionOf(row: Row): ActionRow {
  const targets = targetsShape(jsonOf(row.targets));
  const argv = argvShape(jsonOf(row.argv));
  const damaged = targets === WRONG || argv === WRONG || !isDate(row.time_ms);
  return {
    id: numberOf(row.id),
    time_ms: dateOf(row.time_ms),
    mode: textOf(row.mode),
    requested_by: textOf(row.requested_by),
    alert_id: typeof row.alert_id === 'number' ? row.alert_id : null,
    what: textOf(row.what),
    targets: targets === WRONG ? [] : targets,
    targets_total: Math.max(numberOf(row.targets_total), targets === WRONG ? 0 : targets.length),
    argv: argv === WRONG ? null : argv,
    evidence: jsonOf(row.evidence) ?? null,
    before: jsonOf(row.before) ?? null,
    after: jsonOf(row.after) ?? null,
    result: typeof row.result === 'string' ? row.result : null,
    damaged,
  };
}

/** Undefined: it is none. */
export function jsonOf(text: unknown): unknown {
  if (text === null) return null;
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As many as fit into an answer; at least the first. */
export function fitting<T>(rows: Iterable<Row>, make: (row: Row) => T): T[] {
  const made: T[] = [];
  let chars = 0;
  for (const row of rows) {
    for (const value of Object.values(row)) if (typeof value === 'string') chars += value.length;
    if (chars > MAX_ANSWER_CHARS && made.length > 0) break;
    made.push(make(row));
  }
  return made;
}

/** Without those whose columns hold something else than they should. */
export function sound<T extends object>(rows: readonly T[], shape: Shape<unknown>): T[] {
  return rows.filter(row => shape(row) !== WRONG);
}

export function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}

/** Of those that JavaScript's Date can tell. */
function isDate(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

function dateOf(value: unknown): number {
  return isDate(value) ? value : 0;
}
