import type { AlertReport } from '../../api/client/index.js';
import { type Severity, severityRank } from '../../model/alert.js';

/** The alerts of one rule in a report. */
export interface RuleSum {
  rule: string;
  count: number;
  open: number;
  worst: Severity;
  /** Sum of the times that they were open, within the period. */
  open_ms: number;
  last_opened_ms: number;
}

/** How long it was open between the two times. */
function lifeWithin({ opened, resolved }: AlertReport, from_ms: number, to_ms: number): number {
  const end = resolved === null ? to_ms : Math.min(to_ms, Date.parse(resolved));
  return Math.max(0, end - Math.max(from_ms, Date.parse(opened)));
}

/** The rules with most alerts first. */
export function byRule(alerts: readonly AlertReport[], from_ms: number, to_ms: number): RuleSum[] {
  const sums = new Map<string, RuleSum>();
  for (const alert of alerts) {
    const sum = sums.get(alert.rule) ?? {
      rule: alert.rule,
      count: 0,
      open: 0,
      worst: alert.severity,
      open_ms: 0,
      last_opened_ms: 0,
    };
    sums.set(alert.rule, sum);
    sum.count++;
    if (alert.status === 'open') sum.open++;
    if (severityRank(alert.severity) > severityRank(sum.worst)) sum.worst = alert.severity;
    sum.open_ms += lifeWithin(alert, from_ms, to_ms);
    sum.last_opened_ms = Math.max(sum.last_opened_ms, Date.parse(alert.opened));
  }
  return [...sums.values()].sort((a, b) => b.count - a.count || a.rule.localeCompare(b.rule));
}
