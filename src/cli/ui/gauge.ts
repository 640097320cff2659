import { paint, type Style } from './style.js';

/** Bars and lines of block characters. */

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** `████▌     ` of `cells` cells; coloured from `warn` and from `bad` percent on. */
export function gauge(
  percent: number,
  cells: number,
  color: boolean,
  warn: number = 80,
  bad: number = 90,
): string {
  const share = Math.min(1, Math.max(0, percent / 100));
  const eighths = Math.round(share * cells * 8);
  const full = Math.floor(eighths / 8);
  const bar = '█'.repeat(full) + (EIGHTHS[eighths % 8] ?? '');
  const style: Style = percent >= bad ? 'red' : percent >= warn ? 'yellow' : 'green';
  return paint(bar, [style], color) + ' '.repeat(Math.max(0, cells - [...bar].length));
}

/** One character for each value, from `min` to `max`; a space where nothing was measured. */
export function sparkline(values: readonly (number | null)[], min: number, max: number): string {
  return values
    .map(value => {
      if (value === null) return ' ';
      const level = max <= min ? 0 : Math.round(((value - min) / (max - min)) * (LEVELS.length - 1));
      return LEVELS[Math.min(LEVELS.length - 1, Math.max(0, level))]!;
    })
    .join('');
}
