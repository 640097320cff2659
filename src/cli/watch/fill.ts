import { width } from '../../lib/text/width.js';

/** Lines with colours, made exactly as wide as their place. */

const ESC = '\u001b';
const RESET = `${ESC}[0m`;

/** Colours and texts in turn. What was not made by `paint` holds no escape: it went through `printable`. */
function pieces(line: string): string[] {
  return line.split(new RegExp(`(${ESC}\\[[0-9;]*m)`));
}

export function shownWidth(line: string): number {
  return line.includes(ESC)
    ? width(
        pieces(line)
          .filter((_, i) => i % 2 === 0)
          .join(''),
      )
    : width(line);
}

/** Cut with `…`, or filled up with spaces, to exactly `columns` cells. */
export function fill(line: string, columns: number): string {
  const cut = cutTo(line, columns);
  return cut + ' '.repeat(Math.max(0, columns - shownWidth(cut)));
}

/** At most `columns` cells. */
export function cutTo(line: string, columns: number): string {
  if (shownWidth(line) <= columns) return line;
  if (columns < 1) return '';
  let out = '';
  let left = columns - 1;
  for (const [i, piece] of pieces(line).entries()) {
    if (i % 2 === 1) {
      out += piece;
      continue;
    }
    for (const char of piece) {
      left -= width(char);
      if (left < 0) return `${out}…${line.includes(ESC) ? RESET : ''}`;
      out += char;
    }
  }
  return out;
}
