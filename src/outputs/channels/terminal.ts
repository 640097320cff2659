import { printable } from '../../lib/text/printable.js';
import type { AlertChange } from '../../model/alert.js';

/**
 * A change of an alert as one line for a person: what the daemon's log says, at a terminal as in the journal.
 * Harmless, whatever is in the alert.
 */
export function terminalLine({ type, alert, quiet }: AlertChange): string {
  const over = type === 'alert_resolved';
  const word = over ? 'over' : quiet ? `${alert.severity}, again` : alert.severity;
  const next = over || alert.suggestion === null ? '' : ` → ${printable(alert.suggestion, 200)}`;
  return `alert A${alert.id} (${word}): ${printable(alert.title, 200)}: ${printable(alert.text, 300)}${next}`;
}
