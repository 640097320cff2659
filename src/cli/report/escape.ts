import { printable } from '../../lib/text/printable.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for the content or a quoted attribute of HTML and SVG: no mark-up, no controls, nothing reordered. */
export function html(text: string, max: number = 1_000): string {
  return printable(text, max).replace(/[&<>"']/g, char => ENTITIES[char]!);
}

/** A coordinate: short, and never `NaN` or an exponent. */
export function at(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 10) / 10) : '0';
}
