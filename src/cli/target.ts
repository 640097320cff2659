import { printable } from '../lib/text/printable.js';
import { UsageError } from './command.js';

/** What people type for a process or an alert. */

/** What a person asks about. */
export type Target = { kind: 'alert'; id: number } | { kind: 'process'; pid: number };

/** @throws UsageError */
export function pidOf(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`"${printable(text, 40)}" is not a process id`);
  return Number(text);
}

/** `A7` is alert 7, `4711` process 4711. @throws UsageError */
export function targetOf(text: string): Target {
  const alert = /^[aA]([1-9]\d{0,9})$/.exec(text);
  if (alert !== null) return { kind: 'alert', id: Number(alert[1]) };
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new UsageError(`"${printable(text, 40)}" is neither a process id (4711) nor an alert (A7)`);
  }
  return { kind: 'process', pid: Number(text) };
}

/** How an alert is called wherever people see it. */
export function alertName(id: number): string {
  return `A${id}`;
}
