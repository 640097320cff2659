/** How many cells of a terminal a text takes. Near enough for a table: wide scripts and emoji count two. */

const ZERO = /[\p{Mn}\p{Me}\p{Cf}]/u;
const WIDE =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Yi}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;

function cells(char: string): number {
  if (char >= ' ' && char <= '~') return 1;
  if (ZERO.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

export function width(text: string): number {
  let sum = 0;
  for (const char of text) sum += cells(char);
  return sum;
}

/** At most `max` cells, with `…` where something was left out. */
export function clip(text: string, max: number): string {
  if (width(text) <= max) return text;
  if (max < 1) return '';
  let sum = 0;
  let out = '';
  for (const char of text) {
    sum += cells(char);
    if (sum > max - 1) break;
    out += char;
  }
  return `${out}…`;
}

/** Exactly `columns` cells: cut or filled up with spaces. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const fitted = clip(text, columns);
  const space = ' '.repeat(columns - width(fitted));
  return side === 'left' ? fitted + space : space + fitted;
}
