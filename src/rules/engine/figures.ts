import { durationText } from '../../lib/text/amounts.js';

/** Numbers of the table of all rules. */

/** Without the noise of floating point. */
export function rounded(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** `30 s`; `–` for none. */
export function timeText(seconds: number): string {
  return seconds === 0 ? '–' : durationText(seconds * 1000);
}
