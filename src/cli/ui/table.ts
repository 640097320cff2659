import { clip, pad, width } from '../../lib/text/width.js';
import { paint, type Style } from './style.js';

/** A table that fits: columns shrink, then go, the least important first. */

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** May shrink to this many cells; never when absent. */
  min?: number;
  /** Keeps so many cells as long as columns of a lower rank can go instead; `min` when absent. */
  want?: number;
  /** What is cut off: the end, or the beginning of a path. */
  cut?: 'end' | 'start';
  /** Goes when there is no room, the lowest first; stays when absent. */
  rank?: number;
}

export interface Cell {
  text: string;
  styles?: readonly Style[];
}

const GAP = 2;

export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  room: number | null,
  color: boolean,
): string[] {
  const widths = columns.map((column, i) =>
    Math.max(width(column.title), ...rows.map(row => width(row[i]!.text))),
  );
  if (room !== null) fitWidths(columns, widths, room);
  const shown = columns.map((_, i) => i).filter(i => widths[i]! > 0);
  const line = (cells: readonly Cell[]): string =>
    shown
      .map((i, at) => cellText(columns[i]!, cells[i]!, widths[i]!, color, at === shown.length - 1))
      .join(' '.repeat(GAP))
      .trimEnd();
  return [line(columns.map(column => ({ text: column.title, styles: ['dim'] }))), ...rows.map(line)];
}

function cellText(column: Column, cell: Cell, cells: number, color: boolean, last: boolean): string {
  const cut = clip(cell.text, cells, column.cut);
  // Spaces outside of the colour, and none after the last column.
  const filled = pad(cut, cells, column.align === 'right' ? 'right' : 'left');
  if (column.align === 'right')
    return filled.slice(0, filled.length - cut.length) + paint(cut, cell.styles ?? [], color);
  return paint(cut, cell.styles ?? [], color) + (last ? '' : filled.slice(cut.length));
}

/** Changes `widths` so that the table has `room`; 0 means: not shown. */
function fitWidths(columns: readonly Column[], widths: number[], room: number): void {
  const total = (): number => {
    const shown = widths.filter(cells => cells > 0);
    return shown.reduce((sum, cells) => sum + cells, 0) + GAP * (shown.length - 1);
  };
  const wanted = columns.map(({ min, want }) => want ?? min);
  shrink(wanted, widths, () => total() - room);
  const order = columns
    .map((column, i) => ({ i, rank: column.rank ?? Number.POSITIVE_INFINITY }))
    .filter(({ rank }) => rank !== Number.POSITIVE_INFINITY)
    .sort((a, b) => a.rank - b.rank);
  for (const { i } of order) {
    shrink(
      columns.map(({ min }, at) => (at === i ? min : undefined)),
      widths,
      () => total() - room,
    );
    if (total() <= room) return;
    widths[i] = 0;
  }
}

/** The widest of those that may gives a cell, until it fits or none can. */
function shrink(least: readonly (number | undefined)[], widths: number[], excess: () => number): void {
  for (let left = excess(); left > 0; left--) {
    let widest = -1;
    least.forEach((min, i) => {
      if (min === undefined || widths[i]! <= min) return;
      if (widest < 0 || widths[i]! > widths[widest]!) widest = i;
    });
    if (widest < 0) return;
    widths[widest]!--;
  }
}
