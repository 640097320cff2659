import type { HistoryReport } from '../../api/client/index.js';
import { bytes, percent } from '../ui/format.js';

/** What a report draws of the machine's figures. */

export type Bucket = NonNullable<HistoryReport['host'][string][number]>;

export interface Chart {
  title: string;
  /** Null: nothing was measured in that time. */
  buckets: readonly (Bucket | null)[];
  /** The value at the upper edge; the lower edge is 0. */
  top: number;
  /** Over the whole period. */
  min: number;
  avg: number;
  max: number;
  /** From these values on it is worth a look, or bad; null: a high value is no trouble by itself. */
  warn: number | null;
  bad: number | null;
  text(value: number): string;
  /** One of those that also a small terminal shows. */
  principal: boolean;
}

interface Figure {
  title: string;
  /** As in `HistoryReport.host`. */
  name: string;
  text(value: number): string;
  /** The upper edge; the maximum of the figure where absent. */
  top?: number;
  /** The figure whose greatest value is the upper edge. */
  total?: string;
  /** The upper edge is never below this: a calm machine shall look calm. */
  leastTop?: number;
  /** Shares of the upper edge. */
  warn?: number;
  bad?: number;
  principal?: true;
  /** Left out while it stays at 0. */
  ifAny?: true;
}

const plain = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)));
const rate = (value: number): string => `${bytes(value)}/s`;
const celsius = (value: number): string => `${Math.round(value)}°C`;
const count = (value: number): string => String(Math.round(value));

const FIGURES: readonly Figure[] = [
  { title: 'CPU', name: 'cpu_busy_percent', text: percent, top: 100, warn: 0.8, bad: 0.95, principal: true },
  {
    title: 'Memory',
    name: 'memory_used_bytes',
    text: bytes,
    total: 'memory_total_bytes',
    warn: 0.8,
    bad: 0.9,
    principal: true,
  },
  {
    title: 'Swap',
    name: 'swap_used_bytes',
    text: bytes,
    total: 'swap_total_bytes',
    warn: 0.4,
    bad: 0.8,
    principal: true,
  },
  { title: 'Load', name: 'load1', text: plain, leastTop: 1, principal: true },
  {
    title: 'Wait memory',
    name: 'pressure_memory_some_percent',
    text: percent,
    leastTop: 20,
    warn: 0.5,
    principal: true,
  },
  { title: 'Wait disk', name: 'pressure_io_some_percent', text: percent, leastTop: 20, principal: true },
  { title: 'Wait CPU', name: 'pressure_cpu_some_percent', text: percent, leastTop: 20, principal: true },
  { title: 'Disk busy', name: 'disk_busy_percent', text: percent, top: 100, warn: 0.9, principal: true },
  {
    title: 'Disk full',
    name: 'filesystem_used_percent',
    text: percent,
    top: 100,
    warn: 0.9,
    bad: 0.95,
    principal: true,
  },
  { title: 'Disk read', name: 'disk_read_bytes_per_s', text: rate, ifAny: true },
  { title: 'Disk write', name: 'disk_write_bytes_per_s', text: rate, ifAny: true },
  { title: 'Received', name: 'network_received_bytes_per_s', text: rate, ifAny: true },
  { title: 'Sent', name: 'network_sent_bytes_per_s', text: rate, ifAny: true },
  { title: 'CPU heat', name: 'cpu_celsius', text: celsius, leastTop: 100, warn: 0.85, bad: 0.95 },
  { title: 'GPU', name: 'gpu_busy_percent', text: percent, top: 100, principal: true },
  { title: 'GPU memory', name: 'gpu_vram_used_bytes', text: bytes, ifAny: true },
  { title: 'GPU heat', name: 'gpu_celsius', text: celsius, leastTop: 100, warn: 0.85, bad: 0.95 },
  { title: 'Processes', name: 'processes', text: count },
];

/** Shown by others, or the finer grain of others: the report has no chart of them. */
const NOT_DRAWN = new Set([
  'cpu_iowait_percent',
  'load5',
  'memory_total_bytes',
  'swap_total_bytes',
  'swap_in_per_s',
  'swap_out_per_s',
  'pressure_memory_full_percent',
  'pressure_io_full_percent',
  'disk_latency_ms',
  'connections_established',
]);

const BY_UNIT: readonly [unit: string, Pick<Figure, 'text'> & Partial<Figure>][] = [
  ['_percent', { text: percent, top: 100 }],
  ['_bytes_per_s', { text: rate }],
  ['_bytes', { text: bytes }],
  ['_celsius', { text: celsius, leastTop: 100 }],
  ['', { text: plain }],
];

/** Of a figure that somebody measures and nothing here knows of. */
function plainFigure(name: string): Figure {
  const [unit, drawn] = BY_UNIT.find(([end]) => name.endsWith(end))!;
  const words = name.slice(0, name.length - unit.length).replaceAll('_', ' ');
  return { name, title: words.charAt(0).toUpperCase() + words.slice(1), ifAny: true, ...drawn };
}

function figuresOf(host: HistoryReport['host']): Figure[] {
  const drawn = new Set(FIGURES.map(({ name }) => name));
  const others = Object.keys(host).filter(name => !drawn.has(name) && !NOT_DRAWN.has(name));
  return [...FIGURES, ...others.map(plainFigure)];
}

/** The figures that were measured at all, in the order in which they are shown. */
export function chartsOf({ host }: Pick<HistoryReport, 'host'>): Chart[] {
  return figuresOf(host).flatMap(figure => {
    const buckets = host[figure.name] ?? [];
    const known = buckets.filter(bucket => bucket !== null);
    if (known.length === 0) return [];
    const max = Math.max(...known.map(bucket => bucket.max));
    const top = topOf(figure, host, max);
    if (top <= 0 || (figure.ifAny && max <= 0)) return [];
    return [
      {
        title: figure.title,
        buckets,
        top,
        min: Math.min(...known.map(bucket => bucket.min)),
        avg: known.reduce((sum, bucket) => sum + bucket.avg, 0) / known.length,
        max,
        warn: figure.warn === undefined ? null : figure.warn * top,
        bad: figure.bad === undefined ? null : figure.bad * top,
        text: figure.text,
        principal: figure.principal ?? false,
      },
    ];
  });
}

function topOf({ top, total, leastTop }: Figure, host: HistoryReport['host'], max: number): number {
  if (top !== undefined) return Math.max(top, max);
  if (total !== undefined) {
    const totals = (host[total] ?? []).map(bucket => bucket?.max ?? 0);
    return Math.max(0, ...totals);
  }
  return Math.max(leastTop ?? 0, max);
}

/** Nothing in the period: neither samples, nor sessions, nor alerts. */
export function isEmpty(report: HistoryReport): boolean {
  const { sessions, alerts, actions } = report;
  return sessions.length + alerts.length + actions.length === 0 && chartsOf(report).length === 0;
}

/** The parts of the period, as bucket numbers [from, to), in which nothing was measured of anything. */
export function gaps({ host }: Pick<HistoryReport, 'host'>): [number, number][] {
  const series = Object.values(host);
  const count = Math.max(0, ...series.map(buckets => buckets.length));
  return runs(count, i => series.every(buckets => buckets[i] == null));
}

/** Where it holds for all the numbers from `from` to before `to`, below `count`. */
export function runs(count: number, holds: (i: number) => boolean): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (let i = 0; i < count; i++) {
    if (!holds(i)) continue;
    const last = found.at(-1);
    if (last?.[1] === i) last[1] = i + 1;
    else found.push([i, i + 1]);
  }
  return found;
}
