import type { MachineReport } from '../../api/client/index.js';
import { printable } from '../../lib/text/printable.js';
import { width } from '../../lib/text/width.js';
import type { HostSample } from '../../model/snapshot.js';
import { bytes, percent } from '../ui/format.js';
import { gauge } from '../ui/gauge.js';
import { isInMemory } from '../ui/host-lines.js';
import { paint } from '../ui/style.js';
import { cutTo, fill, shownWidth } from './fill.js';

/** The machine on top of the screen: as many gauges beside each other as there is room for. */

interface Gauge {
  name: string;
  percent: number;
  /** Said beside it, as many of them as there is room for. */
  notes: readonly string[];
  warn: number;
  bad: number;
}

const NAME = 7;
const NUMBER = 5;
const NEVER = 1_000;

function gaugesOf({ host, processes }: MachineReport): Gauge[] {
  return [
    ...cpu(host, processes),
    ...memory(host),
    ...waits(host),
    ...disk(host),
    ...host.gpus.slice(0, 4).map(gpuGauge),
  ];
}

function cpu({ cpu, cores, temperatures }: HostSample, processes: number): Gauge[] {
  if (cpu === null) return [];
  const heat = temperatures.filter(({ kind }) => kind === 'cpu').map(({ celsius }) => celsius);
  const notes = [
    `load ${cpu.load1.toFixed(2)} of ${cores}`,
    ...(heat.length === 0 ? [] : [`${Math.round(Math.max(...heat))}°C`]),
    `${processes} processes`,
  ];
  return [{ name: 'CPU', percent: cpu.busy_percent ?? 0, notes, warn: 80, bad: 95 }];
}

function memory({ memory }: HostSample): Gauge[] {
  if (memory === null) return [];
  const { total_bytes, used_bytes, available_bytes, swap_total_bytes, swap_used_bytes } = memory;
  const share = (part: number, all: number): number => (all > 0 ? (100 * part) / all : 0);
  const gauges: Gauge[] = [
    {
      name: 'Memory',
      percent: share(used_bytes, total_bytes),
      notes: [`${bytes(used_bytes)} of ${bytes(total_bytes)}`, `${bytes(available_bytes)} free`],
      warn: 80,
      bad: 90,
    },
  ];
  if (swap_total_bytes > 0) {
    gauges.push({
      name: 'Swap',
      percent: share(swap_used_bytes, swap_total_bytes),
      notes: [`${bytes(swap_used_bytes)} of ${bytes(swap_total_bytes)}`],
      warn: 40,
      bad: 80,
    });
  }
  return gauges;
}

/** Pressure: the share of the last 10 s in which something waited. */
function waits({ pressure }: HostSample): Gauge[] {
  if (pressure === null) return [];
  const some = (name: 'memory' | 'io' | 'cpu'): number => pressure[name]?.some_avg10 ?? 0;
  return [
    {
      name: 'Waits',
      percent: Math.max(some('memory'), some('io'), some('cpu')),
      notes: [
        `memory ${percent(some('memory'))}`,
        `disk ${percent(some('io'))}`,
        `CPU ${percent(some('cpu'))}`,
      ],
      warn: 25,
      bad: 60,
    },
  ];
}

/** The fullest one. */
function disk({ filesystems }: HostSample): Gauge[] {
  const used = filesystems
    .filter(({ total_bytes, read_only }) => total_bytes > 0 && !read_only)
    .map(one => ({ ...one, percent: 100 * (1 - one.available_bytes / one.total_bytes) }))
    .sort((a, b) => b.percent - a.percent)[0];
  if (used === undefined) return [];
  const text = used.hung
    ? `${printable(used.mount, 60)} does not answer`
    : `${bytes(used.available_bytes)} free on ${printable(used.mount, 60)}${isInMemory(used) ? ', in memory' : ''}`;
  return [{ name: 'Disk', percent: used.percent, notes: [text], warn: 90, bad: 95 }];
}

function gpuGauge(gpu: HostSample['gpus'][number]): Gauge {
  const { vram_total_bytes: total, vram_used_bytes: used } = gpu;
  const notes = [
    ...(total && used !== null ? [`${bytes(used)} of ${bytes(total)}`] : []),
    ...(gpu.celsius === null ? [] : [`${Math.round(gpu.celsius)}°C`]),
    printable(gpu.name, 40),
  ];
  return { name: 'GPU', percent: gpu.busy_percent ?? 0, notes, warn: NEVER, bad: NEVER };
}

/** At most `rows` lines of `columns` cells. */
export function gaugeLines(
  machine: MachineReport | null,
  columns: number,
  rows: number,
  color: boolean,
): string[] {
  if (rows < 1) return [];
  if (machine === null)
    return [paint(cutTo('vigil has not looked at the machine yet.', columns), ['dim'], color)];
  const gauges = gaugesOf(machine);
  const across = columns >= 150 ? 3 : columns >= 76 ? 2 : 1;
  const needed = Math.ceil(gauges.length / across);
  if (needed > rows) return [compact(gauges, columns, color)];
  const room = Math.floor(columns / across);
  return Array.from({ length: needed }, (_, row) =>
    // Down first: what belongs together stands below each other.
    gauges
      .filter((_, i) => i % needed === row)
      .map((one, i) => fill(gaugeText(one, room - (i === across - 1 ? 0 : 2), color), room))
      .join('')
      .trimEnd(),
  );
}

function gaugeText(one: Gauge, room: number, color: boolean): string {
  const bar = Math.max(4, Math.min(20, Math.floor((room - NAME - NUMBER) / 3)));
  const drawn = gauge(one.percent, bar, color, one.warn, one.bad);
  const line = `${one.name.padEnd(NAME)}${drawn}${percent(one.percent).padStart(NUMBER)}  `;
  return cutTo(line + paint(notesIn(one.notes, room - shownWidth(line)), ['dim'], color), room);
}

/** Whole ones; a piece of the first where not even that fits. */
function notesIn(notes: readonly string[], room: number): string {
  const fitting = notes.map((_, i) => notes.slice(0, i + 1).join(', ')).filter(text => width(text) <= room);
  return fitting.at(-1) ?? notes[0] ?? '';
}

/** `CPU 12%  Memory 45%  …`, for a terminal without room. */
function compact(gauges: readonly Gauge[], columns: number, color: boolean): string {
  const parts = gauges.map(one => {
    const style = one.percent >= one.bad ? 'red' : one.percent >= one.warn ? 'yellow' : 'green';
    return `${one.name} ${paint(percent(one.percent), [style], color)}`;
  });
  return cutTo(parts.join('  '), columns);
}
