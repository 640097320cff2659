import type { Alert } from '../../model/alert.js';
import type { Finding } from './rule.js';

/**
 * Findings that are what an open alert was about, under another key: more is known by now of its processes (the
 * agent session that they came from, say), or less after a restart. An alert has one of the same rule and user
 * that shares a process with it, when it has no finding of its own any more.
 * @returns for the alert's key its finding
 */
export function replacements(findings: readonly Finding[], open: readonly Alert[]): Map<string, Finding> {
  const found = new Set(findings.map(({ key }) => key));
  const orphaned = new Map<string, Alert>();
  for (const alert of open) {
    if (found.has(alert.key)) continue;
    for (const name of processesOf(alert)) if (!orphaned.has(name)) orphaned.set(name, alert);
  }
  const replacements = new Map<string, Finding>();
  if (orphaned.size === 0) return replacements;
  const known = new Set(open.map(({ key }) => key));
  for (const finding of findings) {
    if (finding.exact_key || known.has(finding.key)) continue;
    const alert = processesOf(finding)
      .map(name => orphaned.get(name))
      .find(one => one !== undefined && !replacements.has(one.key));
    if (alert === undefined) continue;
    known.add(finding.key);
    replacements.set(alert.key, finding);
  }
  return replacements;
}

function processesOf({ rule, subject: { uid, processes } }: Pick<Alert, 'rule' | 'subject'>): string[] {
  return processes.map(({ pid, start_ticks }) => `${rule} ${uid} ${pid} ${start_ticks}`);
}
