import type { AlertChange, Severity } from '../alerts/alert.js';
import { printable } from '../text/printable.js';

const COLOURS: Record<Severity, string> = { info: '36', warning: '33', high: '31', critical: '1;31' };
const OVER = '32';

/** A change of an alert as one line for a person at a terminal. Harmless, whatever is in the alert. */
export function terminalLine({ type, time_ms, alert }: AlertChange, { color }: { color: boolean }): string {
  const over = type === 'alert_resolved';
  const word = (over ? 'over' : alert.severity).toUpperCase().padEnd(8);
  const painted = color ? `\u001b[${over ? OVER : COLOURS[alert.severity]}m${word}\u001b[0m` : word;
  const next = over || alert.suggestion === null ? '' : ` → ${printable(alert.suggestion, 200)}`;
  return `${clock(time_ms)} ${painted} ${printable(alert.title, 200)}: ${printable(alert.text, 300)}${next}`;
}

/** Local time of day. */
function clock(time_ms: number): string {
  const at = new Date(time_ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map(part => String(part).padStart(2, '0'))
    .join(':');
}
