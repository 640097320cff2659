import wrapAnsi from 'wrap-ansi';
import { width } from '../../lib/text/width.js';

/** Lines of whole words; spaces at the beginning stay in front of each. A word that is too long is cut up. */
export function wrapped(text: string, columns: number): string[] {
  const indent = ' '.repeat(Math.min(/^ */.exec(text)![0].length, Math.floor(columns / 2)));
  const lines = wrapAnsi(text.trim(), columns - indent.length, { hard: true }).split('\n');
  return lines.map(line => (line === '' ? '' : indent + line));
}

/** The same for a terminal of so many columns; null: none, and nothing is broken. What goes on stands further in. */
export function fitted(lines: readonly string[], columns: number | null): string[] {
  if (columns === null) return [...lines];
  return lines.flatMap(line => {
    if (width(line) <= columns) return line;
    const indent = ' '.repeat(Math.min(/^ */.exec(line)![0].length, Math.floor(columns / 2)));
    const parts = wrapAnsi(line.trim(), Math.max(1, columns - indent.length - 4), { hard: true }).split('\n');
    return parts.map((part, i) => indent + (i === 0 ? '' : '    ') + part);
  });
}
