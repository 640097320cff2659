import { type Alert, severityRank } from '../../model/alert.js';
import type { ProcessRef } from '../../model/snapshot.js';
import { type HelperAlert, MAX_ALERTS } from '../desktop/protocol.js';

/**
 * What one user's helper is told of the alerts: their own and the machine's, never another user's; open ones
 * first, then the worst, then the newest. Pure.
 */
export function alertsFor(uid: number, alerts: readonly Alert[]): HelperAlert[] {
  const rank = ({ severity }: Alert) => severityRank(severity);
  const open = ({ status }: Alert) => Number(status === 'open');
  return alerts
    .filter(({ subject }) => subject.uid === null || subject.uid === uid)
    .sort((a, b) => open(b) - open(a) || rank(b) - rank(a) || b.id - a.id)
    .slice(0, MAX_ALERTS)
    .map(({ id, opened_ms, severity, title, text, suggestion, status }) => ({
      id,
      opened_ms,
      severity,
      title: title.slice(0, 500),
      text: text.slice(0, 2000),
      suggestion: suggestion?.slice(0, 1000) ?? null,
      status,
    }));
}

/** Those whose processes an open alert is about that is worth a popup. Pure. */
export function alertedUsers(
  alerts: readonly Alert[],
  isLoggedIn: (uid: number) => boolean,
  /** Another daemon shows what one of these processes does. */
  areOthers: (processes: readonly ProcessRef[]) => boolean,
): Set<number> {
  const uids = new Set<number>();
  for (const { status, severity, subject } of alerts) {
    const { uid, processes } = subject;
    const grave = severity === 'high' || severity === 'critical';
    if (uid === null || status !== 'open' || !grave || uids.has(uid)) continue;
    if (isLoggedIn(uid) && !areOthers(processes)) uids.add(uid);
  }
  return uids;
}
