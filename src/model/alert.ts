import type { ProcessRef, SessionRef } from './snapshot.js';

/** From mildest to worst. */
export const SEVERITIES = ['info', 'warning', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The worse the higher. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** What an alert is about. */
export interface Subject {
  kind: 'host' | 'process' | 'processes' | 'session' | 'filesystem' | 'disk' | 'gpu' | 'unit' | 'cgroup';
  /** For people, e.g. `node (pid 4711)`, `/home`, `ssh.service`. Free of control characters. */
  name: string;
  /** Whose it is: that user gets to see it. Null: the machine's, for everybody. */
  uid: number | null;
  /** The processes meant, worst first, at most 200. */
  processes: readonly ProcessRef[];
  /** The agent session that they came from. */
  session: SessionRef | null;
  /** Where it came from, oldest first, e.g. `claude (pid 12) → npm → node server.js`; null: does not apply. */
  lineage: string | null;
}

/** One trouble from the moment it was noticed until it is over. */
export interface Alert {
  /** Counts up for as long as the history is kept. */
  id: number;
  /** Name of the rule, e.g. `memory_leak`. */
  rule: string;
  /** Rule and subject: no two open alerts have the same. It changes when more is known of the subject; the id stays. */
  key: string;
  status: 'open' | 'resolved';
  /** The present one, or the last before it was resolved. */
  severity: Severity;
  /** One line without numbers that change, e.g. `14 orphans of the Claude session in ~/shop`. */
  title: string;
  /** What was measured, in plain words. */
  text: string;
  /** A next step for the person; null: none is known. */
  suggestion: string | null;
  subject: Subject;
  /** The figures behind it, units in the names, e.g. `{rss_bytes: 1, limit_bytes: 2}`. */
  numbers: Readonly<Record<string, number>>;
  opened_ms: number;
  updated_ms: number;
  resolved_ms: number | null;
}

/** What happened to an alert. `updated`: it got worse or milder, or its subject changed noticeably. */
export interface AlertChange {
  type: 'alert_opened' | 'alert_updated' | 'alert_resolved';
  time_ms: number;
  alert: Alert;
  /** Opened again soon after it was resolved: for the record, not for a popup. */
  quiet?: true;
}
