import stringWidth from 'string-width';

/** How many cells of a terminal a text takes: what stands together as one sign (families, flags, accents) counts once. */
export function width(text: string): number {
  return isPlain(text) ? text.length : stringWidth(text);
}

const signs = new Intl.Segmenter();

/** At most `max` cells, with `…` where something was left out: at the end, or of a path at its beginning. */
export function clip(text: string, max: number, cut: 'end' | 'start' = 'end'): string {
  if (width(text) <= max) return text;
  if (max < 1) return '';
  const all = [...signs.segment(text)].map(({ segment }) => segment);
  if (cut === 'start') all.reverse();
  let cells = 1;
  const kept = all.slice(
    0,
    all.findIndex(sign => {
      cells += width(sign);
      return cells > max;
    }),
  );
  return cut === 'start' ? `…${kept.reverse().join('')}` : `${kept.join('')}…`;
}

/** Exactly `columns` cells: cut or filled up with spaces. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const fitted = clip(text, columns);
  const space = ' '.repeat(columns - width(fitted));
  return side === 'left' ? fitted + space : space + fitted;
}

/**
 * Nothing but signs of one unit and one cell: ASCII, Latin letters, and what tables and gauges are drawn with. Most text
 * is, and dividing it into signs would take a hundred times as long.
 */
function isPlain(text: string): boolean {
  return /^[ -~¡-¬®-ɏ–-•…←-↓─-▟]*$/.test(text);
}
