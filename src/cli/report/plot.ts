import { area, line } from 'd3-shape';
import { shortTime } from '../ui/format.js';
import { ticks } from './axis.js';
import type { Span } from './chart-lines.js';
import { type Bucket, type Chart, runs } from './charts.js';
import { at, html } from './escape.js';

/** One figure of the machine as a plot: the mean as a line, least and most as a band, gaps as gaps. */

const WIDTH = 340;
const HEIGHT = 122;
const LEFT = 44;
const RIGHT = 6;
const TOP = 8;
const BOTTOM = 20;

export function plot(chart: Chart, span: Span): string {
  const { title, avg, max, text } = chart;
  const numbers = `mean ${text(avg)} · most ${text(max)}`;
  return `<figure><figcaption>${html(title)}<span>${html(numbers)}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${html(`${title}: ${numbers}`)}">
${scale(chart)}${timeAxis(span)}${gapAreas(chart)}${curves(chart)}${hints(chart, span)}</svg></figure>`;
}

function x(share: number): number {
  return LEFT + share * (WIDTH - LEFT - RIGHT);
}

function y(value: number, top: number): number {
  const share = Math.min(1, Math.max(0, value / top));
  return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

function scale({ top, text, warn, max }: Chart): string {
  const lines = [0, top / 2, top].map(value => {
    const height = at(y(value, top));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${height}" y2="${height}"/><text x="${LEFT - 6}" y="${at(y(value, top) + 4)}" text-anchor="end">${value === 0 ? '0' : html(text(value))}</text>`;
  });
  // A limit is drawn only where it was reached.
  if (warn !== null && max >= warn) {
    const height = at(y(warn, top));
    lines.push(`<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${height}" y2="${height}"/>`);
  }
  return lines.join('');
}

function timeAxis({ from_ms, to_ms }: Span): string {
  return ticks(from_ms, to_ms, 6)
    .map(({ time_ms, label }) => {
      const share = (time_ms - from_ms) / (to_ms - from_ms);
      if (share > 0.94) return '';
      const anchor = share < 0.05 ? 'start' : 'middle';
      return `<text x="${at(x(share))}" y="${HEIGHT - 5}" text-anchor="${anchor}">${html(label)}</text>`;
    })
    .join('');
}

function gapAreas({ buckets }: Chart): string {
  return runs(buckets.length, i => buckets[i] === null)
    .map(([from, to]) => {
      const begin = x(from / buckets.length);
      const width = x(to / buckets.length) - begin;
      return `<rect class="gap" x="${at(begin)}" y="${TOP}" width="${at(width)}" height="${HEIGHT - TOP - BOTTOM}"/>`;
    })
    .join('');
}

/** Both end where nothing was measured. A lone bucket is a dot: the line has round ends. */
function curves({ buckets, top }: Chart): string {
  const isMeasured = (bucket: Bucket | null): bucket is Bucket => bucket !== null;
  const middle = (_: unknown, i: number): number => x((i + 0.5) / buckets.length);
  const height = (key: 'min' | 'avg' | 'max') => (bucket: Bucket | null) => y(bucket![key], top);
  const band = area<Bucket | null>(middle, height('min'), height('max')).defined(isMeasured).digits(1);
  const mean = line<Bucket | null>(middle, height('avg')).defined(isMeasured).digits(1);
  return `<path class="band" d="${band(buckets)}"/><path class="mean" d="${mean(buckets)}"/>`;
}

/** What a reader sees who rests on a place: no script is needed for that. */
function hints({ buckets, text }: Chart, { from_ms, to_ms }: Span): string {
  const width = at((WIDTH - LEFT - RIGHT) / buckets.length);
  return buckets
    .map((bucket, i) => {
      const when = shortTime(from_ms + ((i + 0.5) / buckets.length) * (to_ms - from_ms));
      const what =
        bucket === null ? 'not measured' : `${text(bucket.avg)} (${text(bucket.min)} to ${text(bucket.max)})`;
      return `<rect class="hover" x="${at(x(i / buckets.length))}" y="${TOP}" width="${width}" height="${HEIGHT - TOP - BOTTOM}"><title>${html(`${when}: ${what}`)}</title></rect>`;
    })
    .join('');
}
