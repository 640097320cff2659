import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { count, type FieldTypes, list } from '../../../model/schema.js';
import { type Collector, type Context, defineCollector, type Part } from '../collector.js';
import { MANY_CORES_BYTES, readText } from '../read.js';
import { readFrequency } from './frequency.js';

const cpu = z
  .strictObject({
    busy_percent: z.number().nullable().describe('0 to 100, of all cores together'),
    iowait_percent: z.number().nullable(),
    steal_percent: z.number().nullable(),
    cores_percent: list(z.number()).describe('0 to 100 each'),
    load1: z.number(),
    load5: z.number(),
    load15: z.number(),
    frequency_mhz: z.number().nullable().describe('mean over the cores'),
  })
  .meta({ id: 'CpuSample' });
export type CpuSample = z.infer<typeof cpu>;

const fields = { cores: count, cpu: cpu.nullable() };
type CpuSlice = FieldTypes<typeof fields>;

declare module '../../../model/snapshot.js' {
  interface HostSample extends CpuSlice {}
}

/** Clock ticks that one core, or all of them, spent. */
export interface CpuTicks {
  total: number;
  idle: number;
  iowait: number;
  steal: number;
}

/**
 * /proc/stat, see proc_stat(5): one line for all cores, then one for each that is online. Keys: `cpu`, `cpu0`, …
 *
 * ```
 * cpu  589450 1357 290824 1357032 3273 0 2564 1505 0 0
 * cpu0 288205 656 135205 696234 731 0 806 757 0 0
 * intr 17331347 …
 * ```
 *
 * The columns are user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice; the last two are
 * part of the first two. Old kernels have fewer.
 */
export function parseCpuTicks(text: string): Map<string, CpuTicks> {
  const ticks = new Map<string, CpuTicks>();
  let start = 0;
  while (text.startsWith('cpu', start)) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const [name, ...columns] = text.slice(start, end).split(/ +/);
    const values = columns.slice(0, 8).map(Number);
    const total = values.reduce((sum, value) => sum + value, 0);
    if (values.length >= 4 && Number.isFinite(total)) {
      ticks.set(name!, { total, idle: values[3]!, iowait: values[4] ?? 0, steal: values[7] ?? 0 });
    }
    start = end + 1;
  }
  if (!ticks.has('cpu')) throw new Error('no cpu line in /proc/stat');
  return ticks;
}

/** Percent of the time in between; null without a time in between. */
export function cpuShares(before: CpuTicks | undefined, now: CpuTicks) {
  if (before === undefined) return null;
  const total = now.total - before.total;
  if (total <= 0) return null;
  // idle and iowait may go back a little: proc_stat(5) says of iowait that it is not reliable.
  const percent = (is: number, was: number) => Math.min(100, Math.max(0, ((is - was) / total) * 100));
  return {
    busy: Math.min(100, Math.max(0, 100 - percent(now.idle + now.iowait, before.idle + before.iowait))),
    iowait: percent(now.iowait, before.iowait),
    steal: percent(now.steal, before.steal),
  };
}

/** /proc/loadavg: `0.15 0.18 0.40 4/129 32188`. Throws when it is not that. */
export function parseLoad(text: string): { load1: number; load5: number; load15: number } {
  const [load1, load5, load15] = text.split(' ').map(Number);
  if (load1 === undefined || load15 === undefined || !Number.isFinite(load1 + load5! + load15)) {
    throw new Error('three numbers expected in /proc/loadavg');
  }
  return { load1, load5: load5!, load15 };
}

/** The frequency costs more to read than all the rest, and changes with every sneeze: rarely asked. */
const FREQUENCY_MS = 30_000;

/** CPU time, load and clock frequency of the whole machine. */
export class CpuCollector implements Collector<CpuSlice> {
  private before: Map<string, CpuTicks> = new Map();
  private frequency_mhz: number | null = null;
  private frequencyRead_ms = Number.NEGATIVE_INFINITY;

  collect({ roots, now_ms }: Context): Part<CpuSlice> {
    const ticks = parseCpuTicks(readText(`${roots.proc}/stat`, MANY_CORES_BYTES));
    const load = parseLoad(readText(`${roots.proc}/loadavg`));
    const { before } = this;
    this.before = ticks;
    if (now_ms - this.frequencyRead_ms >= FREQUENCY_MS) {
      this.frequencyRead_ms = now_ms;
      this.frequency_mhz = readFrequency(roots);
    }
    const all = cpuShares(before.get('cpu'), ticks.get('cpu')!);
    const cores_percent: number[] = [];
    for (const [name, now] of ticks) {
      const share = name === 'cpu' ? null : cpuShares(before.get(name), now);
      if (share !== null) cores_percent.push(share.busy);
    }
    return {
      cores: Math.max(1, ticks.size - 1),
      cpu: {
        busy_percent: all?.busy ?? null,
        iowait_percent: all?.iowait ?? null,
        steal_percent: all?.steal ?? null,
        cores_percent,
        ...load,
        frequency_mhz: this.frequency_mhz,
      },
    };
  }
}

export const cpuCollector = defineCollector({
  id: 'cpu',
  describe: 'CPU time, load and clock frequency.',
  fields,
  empty: { cores: availableParallelism(), cpu: null },
  figures: [
    { name: 'cpu_busy_percent', of: ({ host }) => host.cpu?.busy_percent },
    { name: 'cpu_iowait_percent', of: ({ host }) => host.cpu?.iowait_percent },
    { name: 'load1', decimals: 2, of: ({ host }) => host.cpu?.load1 },
    { name: 'load5', decimals: 2, of: ({ host }) => host.cpu?.load5 },
  ],
  create: () => new CpuCollector(),
});
