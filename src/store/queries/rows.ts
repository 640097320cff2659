import { z } from 'zod';
import { type Alert, SEVERITIES, type Severity } from '../../model/alert.js';
import type { ActionRow } from '../records.js';

/**
 * Rows as they are read: a disk, another version or another hand may have left anything in them. One that is
 * damaged is shown as such, and takes nothing from the others.
 */

/** The texts of one answer together: it is one line of JSON on its way to a client. */
export const MAX_ANSWER_CHARS = 8 * 1024 * 1024;

const finite = z.number();

const processSchema = z.object({
  pid: finite,
  start_ticks: finite,
  uid: finite,
  comm: z.string(),
  cmdline: z.string(),
});

const sessionSchema = z.object({
  pid: finite,
  start_ticks: finite,
  agent: z.string(),
  cwd: z.string().nullable(),
  alive: z.boolean(),
});

const alertSchema = z.object({
  id: z.int().min(0),
  rule: z.string(),
  key: z.string(),
  status: z.enum(['open', 'resolved']),
  severity: z.enum(SEVERITIES),
  title: z.string(),
  text: z.string(),
  suggestion: z.string().nullable(),
  subject: z.object({
    kind: z.enum(['host', 'process', 'processes', 'session', 'filesystem', 'disk', 'gpu', 'unit', 'cgroup']),
    name: z.string(),
    uid: finite.nullable(),
    processes: z.array(processSchema),
    session: sessionSchema.nullable(),
    lineage: z.string().nullable(),
  }),
  numbers: z.record(z.string(), finite),
  opened_ms: finite,
  updated_ms: finite,
  resolved_ms: finite.nullable(),
});

/** As SQLite has it: a column may hold anything. */
export type Row = Readonly<Record<string, unknown>>;

export const ALERT_COLUMNS = 'id, rule, status, severity, uid, opened_ms, updated_ms, resolved_ms, alert';

/** Keys of alerts whose rows are damaged begin with it. */
export const DAMAGED_KEY = 'damaged:';

export function alertOf(row: Row): Alert {
  const parsed = alertSchema.safeParse(jsonOf(row.alert));
  if (parsed.success && isDate(parsed.data.opened_ms) && isDate(parsed.data.updated_ms)) return parsed.data;
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
  const targets = z.array(processSchema).safeParse(jsonOf(row.targets));
  const argv = z.array(z.string()).nullable().safeParse(jsonOf(row.argv));
  const damaged = !targets.success || !argv.success || !isDate(row.time_ms);
  return {
    id: numberOf(row.id),
    time_ms: dateOf(row.time_ms),
    mode: textOf(row.mode),
    requested_by: textOf(row.requested_by),
    alert_id: typeof row.alert_id === 'number' ? row.alert_id : null,
    what: textOf(row.what),
    targets: targets.success ? targets.data : [],
    targets_total: Math.max(numberOf(row.targets_total), targets.success ? targets.data.length : 0),
    argv: argv.success ? argv.data : null,
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
export function sound<T extends object>(rows: readonly T[], schema: z.ZodType): T[] {
  return rows.filter(row => schema.safeParse(row).success);
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
