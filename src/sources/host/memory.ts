import { z } from 'zod';
import { bytes, type FieldTypes } from '../../model/schema.js';
import { type Collector, type Context, defineCollector, type Part } from './collector.js';
import { perSecond } from './rate.js';
import { readText, tryReadText } from './read.js';

/** /proc/meminfo, proc_meminfo(5). */
const memory = z
  .strictObject({
    total_bytes: bytes,
    available_bytes: bytes,
    used_bytes: bytes.describe('total − available'),
    cached_bytes: bytes,
    dirty_bytes: bytes,
    arc_bytes: bytes
      .exactOptional()
      .describe('cache of ZFS (ARC), counted as cached, and as available but for the least that it keeps'),
    shmem_bytes: bytes.exactOptional().describe('files in memory: tmpfs, shared memory'),
    swap_total_bytes: bytes,
    swap_used_bytes: bytes,
    swap_in_per_s: z.number().nullable().describe('pages, /proc/vmstat'),
    swap_out_per_s: z.number().nullable(),
  })
  .meta({ id: 'MemorySample' });
export type MemorySample = z.infer<typeof memory>;

const fields = { memory: memory.nullable() };
type MemorySlice = FieldTypes<typeof fields>;

declare module '../../model/snapshot.js' {
  interface HostSample extends MemorySlice {}
}

type MemoryFacts = Omit<MemorySample, 'swap_in_per_s' | 'swap_out_per_s'>;

/**
 * /proc/meminfo, see proc_meminfo(5).
 *
 * ```
 * MemTotal:       24684084 kB
 * MemAvailable:   23990492 kB
 * HugePages_Total:       0
 * ```
 *
 * What counts as cached is what free(1) counts: buffers, page cache and reclaimable slab. Throws when the text
 * has no MemTotal.
 */
export function parseMeminfo(text: string): MemoryFacts {
  const bytes = new Map<string, number>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    const value = Number.parseInt(line.slice(colon + 1), 10);
    if (colon > 0 && Number.isFinite(value)) {
      bytes.set(line.slice(0, colon), line.endsWith('kB') ? value * 1024 : value);
    }
  }
  const field = (name: string) => bytes.get(name) ?? 0;
  const total_bytes = field('MemTotal');
  if (total_bytes === 0) throw new Error('no MemTotal in meminfo');
  const cached_bytes = field('Buffers') + field('Cached') + field('SReclaimable');
  // Kernels before 3.14 and some containers do not say what is available.
  const available = bytes.get('MemAvailable') ?? field('MemFree') + field('Buffers') + field('Cached');
  const available_bytes = Math.min(available, total_bytes);
  return {
    total_bytes,
    available_bytes,
    used_bytes: total_bytes - available_bytes,
    cached_bytes,
    shmem_bytes: field('Shmem'),
    dirty_bytes: field('Dirty') + field('Writeback'),
    swap_total_bytes: field('SwapTotal'),
    swap_used_bytes: Math.max(0, field('SwapTotal') - field('SwapFree')),
  };
}

/**
 * Pages swapped in and out since boot, from /proc/vmstat: `pswpin 12`, `pswpout 340`. Undefined where the kernel
 * was built without swap.
 */
export function parseSwapPages(text: string): { in: number | undefined; out: number | undefined } {
  return { in: counter(text, '\npswpin '), out: counter(text, '\npswpout ') };
}

function counter(text: string, label: string): number | undefined {
  const at = text.indexOf(label);
  if (at < 0) return undefined;
  const value = Number.parseInt(text.slice(at + label.length, at + label.length + 24), 10);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * /proc/spl/kstat/zfs/arcstats: `size 4 12884901888` is what ZFS's cache holds, `c_min` what it keeps when memory is short. The
 * kernel's estimate of what is available knows nothing of it. Null: no ZFS here.
 */
export function parseArc(text: string): { size_bytes: number; least_bytes: number } | null {
  const field = (name: string) => new RegExp(`^${name} +\\d+ +(\\d+)$`, 'm').exec(text)?.[1];
  const size = field('size');
  return size === undefined ? null : { size_bytes: Number(size), least_bytes: Number(field('c_min') ?? 0) };
}

/** With the cache of ZFS as what it is: it goes when memory is short. */
export function withArc(memory: MemoryFacts, arc: ReturnType<typeof parseArc>): MemoryFacts {
  if (arc === null) return memory;
  const spare_bytes = Math.max(0, arc.size_bytes - arc.least_bytes);
  const available_bytes = Math.min(memory.total_bytes, memory.available_bytes + spare_bytes);
  return {
    ...memory,
    available_bytes,
    used_bytes: memory.total_bytes - available_bytes,
    cached_bytes: memory.cached_bytes + arc.size_bytes,
    arc_bytes: arc.size_bytes,
  };
}

/** Memory and swap of the whole machine. */
export class MemoryCollector implements Collector<MemorySlice> {
  private before: { in: number | undefined; out: number | undefined; now_ms: number } | null = null;

  collect({ roots, now_ms }: Context): Part<MemorySlice> {
    const arc = tryReadText(`${roots.proc}/spl/kstat/zfs/arcstats`);
    const memory = withArc(
      parseMeminfo(readText(`${roots.proc}/meminfo`)),
      arc === null ? null : parseArc(arc),
    );
    const pages = parseSwapPages(tryReadText(`${roots.proc}/vmstat`) ?? '');
    const { before } = this;
    this.before = { ...pages, now_ms };
    const elapsed_ms = now_ms - (before?.now_ms ?? now_ms);
    const rate = (was: number | undefined, is: number | undefined) =>
      is === undefined ? null : perSecond(was, is, elapsed_ms);
    return {
      memory: {
        ...memory,
        swap_in_per_s: rate(before?.in, pages.in),
        swap_out_per_s: rate(before?.out, pages.out),
      },
    };
  }
}

export const memoryCollector = defineCollector({
  id: 'memory',
  describe: 'Memory and swap.',
  fields,
  empty: { memory: null },
  figures: [
    { name: 'memory_total_bytes', of: ({ host }) => host.memory?.total_bytes },
    { name: 'memory_used_bytes', of: ({ host }) => host.memory?.used_bytes },
    { name: 'swap_total_bytes', of: ({ host }) => host.memory?.swap_total_bytes },
    { name: 'swap_used_bytes', of: ({ host }) => host.memory?.swap_used_bytes },
    { name: 'swap_in_per_s', of: ({ host }) => host.memory?.swap_in_per_s },
    { name: 'swap_out_per_s', of: ({ host }) => host.memory?.swap_out_per_s },
  ],
  create: () => new MemoryCollector(),
});
