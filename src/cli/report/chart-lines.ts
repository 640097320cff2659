import { clip } from '../../lib/text/width.js';
import { sparkline } from '../ui/gauge.js';
import { paint, type Style } from '../ui/style.js';
import { ticks } from './axis.js';
import type { Bucket, Chart } from './charts.js';

/** Charts of one line each in a terminal, with a common axis of time. */

const LABEL = 12;
const NUMBER = 7;
const LEAST = 8;
const MOST = 160;
const FIGURES = [
  ['min', 'least'],
  ['avg', 'mean'],
  ['max', 'most'],
] as const;

/** Cells that a chart has in a terminal of so many columns. */
export function chartCells(columns: number): number {
  return Math.min(MOST, Math.max(LEAST, columns - LABEL - figures(columns).length * NUMBER - 1));
}

/** The figures beside a chart; a narrow terminal has no room for the least. */
function figures(columns: number): readonly (readonly ['min' | 'avg' | 'max', string])[] {
  return columns < 60 ? FIGURES.slice(1) : FIGURES;
}

export interface Span {
  from_ms: number;
  to_ms: number;
}

export function chartLines(charts: readonly Chart[], span: Span, columns: number, color: boolean): string[] {
  const cells = chartCells(columns);
  const names = figures(columns)
    .map(([, name]) => name.padStart(NUMBER))
    .join('');
  return [
    paint(`${' '.repeat(LABEL + cells)} ${names}`, ['dim'], color),
    ...charts.map(chart => chartLine(chart, columns, color)),
    paint(`${' '.repeat(LABEL)}${axis(span, cells)}`, ['dim'], color),
  ];
}

function chartLine(chart: Chart, columns: number, color: boolean): string {
  const cells = chartCells(columns);
  const drawn = Array.from({ length: cells }, (_, cell) => bucketAt(chart.buckets, cell, cells));
  const numbers = figures(columns).map(([key]) => chart.text(chart[key]).padStart(NUMBER));
  return `${clip(chart.title, LABEL - 1).padEnd(LABEL)}${graph(drawn, chart, color)} ${numbers.join('')}`;
}

function bucketAt(buckets: readonly (Bucket | null)[], cell: number, cells: number): Bucket | null {
  return buckets[Math.floor((cell * buckets.length) / cells)] ?? null;
}

/** The height is the mean, the colour tells of the worst moment; what was not measured stays empty. */
function graph(buckets: readonly (Bucket | null)[], chart: Chart, color: boolean): string {
  let text = '';
  for (let at = 0; at < buckets.length; ) {
    const style = styleOf(buckets[at]!, chart);
    let end = at + 1;
    while (end < buckets.length && styleOf(buckets[end]!, chart) === style) end++;
    const run = buckets.slice(at, end).map(bucket => bucket?.avg ?? null);
    text += paint(sparkline(run, 0, chart.top), [style], color);
    at = end;
  }
  return text;
}

function styleOf(bucket: Bucket | null, { warn, bad }: Chart): Style {
  if (bucket === null) return 'dim';
  if (bad !== null && bucket.max >= bad) return 'red';
  return warn !== null && bucket.max >= warn ? 'yellow' : 'green';
}

/** `╵12:00    ╵18:00`: a label where it has room. */
export function axis({ from_ms, to_ms }: Span, cells: number): string {
  let text = '';
  for (const { time_ms, label } of ticks(from_ms, to_ms, Math.floor(cells / 9))) {
    const at = Math.floor(((time_ms - from_ms) / (to_ms - from_ms)) * cells);
    if (at < text.length || at + label.length + 1 > cells) continue;
    text = `${text.padEnd(at)}╵${label}`;
  }
  return text;
}
