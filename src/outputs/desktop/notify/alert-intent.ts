import { printable } from '../../../lib/text/printable.js';
import { type Severity, severityRank } from '../../../model/alert.js';
import type { HelperAlert, HelperConfig } from '../protocol.js';
import type { NotificationIntent } from './intent.js';
import { isQuiet } from './policy.js';

/** Milder alerts are for the tray and for `vigil alerts`. */
const LEAST: Severity = 'high';
/** So many at once are worth reading; the rest follows when these are over. */
const MAX_POPUPS = 5;

/** What is remembered of an alert that its person has dismissed. */
export interface AlertMemory {
  severity: Severity;
  popup: 'open' | 'closed';
  /** Rises when it must be told anew: another round is another popup. */
  round: number;
}

export interface AlertDecision {
  /** By id of the alert. */
  intents: Map<number, NotificationIntent & { round: number }>;
  memory: Map<number, AlertMemory>;
  /** Quiet hours hold something back. */
  held: boolean;
}

/**
 * Which alerts should be on the screen: open ones from `high` on, the worst and newest first. One that was put
 * away comes back only when it got worse. Quiet hours hold back all but critical ones. Pure.
 */
export function decideAlerts(
  before: ReadonlyMap<number, AlertMemory>,
  alerts: readonly HelperAlert[],
  minute_of_day: number,
  config: HelperConfig['notifications'],
): AlertDecision {
  const decision: AlertDecision = { intents: new Map(), memory: new Map(), held: false };
  if (!config.enabled) return decision;
  const quiet = isQuiet(config.quiet_hours, minute_of_day);
  const worth = alerts
    .filter(({ status, severity }) => status === 'open' && severityRank(severity) >= severityRank(LEAST))
    .sort((a, b) => severityRank(b.severity) - severityRank(a.severity) || b.id - a.id);
  for (const alert of worth) {
    const memory = remembered(before.get(alert.id), alert.severity);
    decision.memory.set(alert.id, memory);
    if (memory.popup === 'closed') continue;
    if (quiet && alert.severity !== 'critical') decision.held = true;
    else if (decision.intents.size < MAX_POPUPS)
      decision.intents.set(alert.id, { ...alertIntent(alert), round: memory.round });
  }
  return decision;
}

function remembered(before: AlertMemory | undefined, severity: Severity): AlertMemory {
  if (before === undefined) return { severity, popup: 'open', round: 0 };
  if (severityRank(severity) <= severityRank(before.severity) || before.popup === 'open')
    return { ...before, severity };
  return { severity, popup: 'open', round: before.round + 1 };
}

function alertIntent({ id, severity, title, text, suggestion }: HelperAlert): NotificationIntent {
  return {
    kind: 'alert',
    key: `alert ${id}`,
    // Servers cut a summary after a few words, a body not so soon.
    summary: `vigil: ${severity === 'critical' ? 'critical' : 'alert'} A${id}`,
    heading: printable(title, 200),
    lines: [printable(text, 400), ...(suggestion === null ? [] : [`→ ${printable(suggestion, 240)}`])],
    urgency: severity === 'critical' ? 'critical' : 'normal',
  };
}
