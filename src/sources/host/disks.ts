import { z } from 'zod';
import { max, sum } from '../../model/figure.js';
import { type FieldTypes, list, text } from '../../model/schema.js';
import { type Collector, type Context, defineCollector, type Part, type Roots } from './collector.js';
import { perSecond } from './rate.js';
import { MANY_CORES_BYTES, readText, tryList } from './read.js';

/** A whole disk, from /proc/diskstats (Documentation/admin-guide/iostats.rst). */
const disk = z
  .strictObject({
    name: text,
    read_bytes_per_s: z.number().nullable(),
    write_bytes_per_s: z.number().nullable(),
    reads_per_s: z.number().nullable(),
    writes_per_s: z.number().nullable(),
    latency_ms: z
      .number()
      .nullable()
      .describe('mean time of the requests that ended since the look before; null when none did'),
    busy_percent: z.number().nullable().describe('of the time, with at least one request under way'),
  })
  .meta({ id: 'DiskSample' });
type DiskSample = z.infer<typeof disk>;

const fields = { disks: list(disk) };
type DiskSlice = FieldTypes<typeof fields>;

declare module '../../model/snapshot.js' {
  interface HostSample extends DiskSlice {}
}

/** Counters since boot of one block device. */
export interface DiskCounters {
  reads: number;
  read_bytes: number;
  /** Time that all reads together took. */
  read_ms: number;
  writes: number;
  write_bytes: number;
  write_ms: number;
  /** Time in which at least one request was under way. */
  busy_ms: number;
}

/** diskstats counts in these, whatever the device's own sectors are. */
const SECTOR_BYTES = 512;

/**
 * /proc/diskstats, see Documentation/admin-guide/iostats.rst. Kernels add columns at the end.
 *
 * `254 0 vda 776772 23548 29501186 854874 724119 271207 64111208 339479 0 93684 1228538 279584 53 43378928 25382`
 *
 * major, minor, name, reads, merged, sectors, ms, writes, merged, sectors, ms, under way, busy ms, …
 */
export function parseDiskstats(text: string): Map<string, DiskCounters> {
  const disks = new Map<string, DiskCounters>();
  for (const line of text.split('\n')) {
    const columns = line.trim().split(/ +/);
    if (columns.length < 14) continue;
    const column = (number: number) => Number(columns[number - 1]);
    const counters: DiskCounters = {
      reads: column(4),
      read_bytes: column(6) * SECTOR_BYTES,
      read_ms: column(7),
      writes: column(8),
      write_bytes: column(10) * SECTOR_BYTES,
      write_ms: column(11),
      busy_ms: column(13),
    };
    if (Object.values(counters).every(Number.isFinite)) disks.set(columns[2]!, counters);
  }
  return disks;
}

/** Between two readings of the same disk. */
export function diskRates(
  name: string,
  before: DiskCounters | undefined,
  now: DiskCounters,
  elapsed_ms: number,
): DiskSample {
  const rate = (field: keyof DiskCounters) => perSecond(before?.[field], now[field], elapsed_ms);
  const busy_ms_per_s = rate('busy_ms');
  const reads_per_s = rate('reads');
  const writes_per_s = rate('writes');
  const read_ms = rate('read_ms');
  const write_ms = rate('write_ms');
  const requests = reads_per_s === null || writes_per_s === null ? 0 : reads_per_s + writes_per_s;
  const waited = read_ms === null || write_ms === null ? null : read_ms + write_ms;
  return {
    name,
    read_bytes_per_s: rate('read_bytes'),
    write_bytes_per_s: rate('write_bytes'),
    reads_per_s,
    writes_per_s,
    latency_ms: waited === null || requests === 0 ? null : waited / requests,
    busy_percent: busy_ms_per_s === null ? null : Math.min(100, busy_ms_per_s / 10),
  };
}

/** In memory, images in files, drives for media: no disks that anything depends on. */
const NO_DISK = /^(loop|ram|zram|fd|sr|nullb)\d/;

/**
 * A disk of its own: no partition, and nothing that stands on other disks (dm, md, bcache), whose requests are
 * counted with those. Where sysfs does not know, the shape of the name decides.
 */
export function isWholeDisk(roots: Roots, name: string): boolean {
  if (NO_DISK.test(name)) return false;
  // The sysfs name of `cciss/c0d0` is `cciss!c0d0`.
  const folder = `${roots.sys}/block/${name.replaceAll('/', '!')}`;
  const entries = tryList(folder);
  if (entries.length > 0) return tryList(`${folder}/slaves`).length === 0;
  if (tryList(`${roots.sys}/block`).length > 0) return false;
  return !/^(dm-|md)\d|^(s|h|v|xv)d[a-z]+\d+$|^(nvme\d+n|mmcblk|nbd)\d+p\d+$/.test(name);
}

/** Rates, latency and load of the disks. */
export class DiskCollector implements Collector<DiskSlice> {
  private before: { disks: Map<string, DiskCounters>; now_ms: number } = { disks: new Map(), now_ms: 0 };
  private wholeDisks = new Map<string, boolean>();

  collect({ roots, now_ms }: Context): Part<DiskSlice> {
    const counters = parseDiskstats(readText(`${roots.proc}/diskstats`, MANY_CORES_BYTES));
    const { before } = this;
    const whole = new Map<string, boolean>();
    const disks: DiskSample[] = [];
    for (const [name, now] of counters) {
      const isWhole = this.wholeDisks.get(name) ?? isWholeDisk(roots, name);
      whole.set(name, isWhole);
      if (isWhole) disks.push(diskRates(name, before.disks.get(name), now, now_ms - before.now_ms));
    }
    this.wholeDisks = whole;
    this.before = { disks: counters, now_ms };
    return { disks };
  }
}

export const disksCollector = defineCollector({
  id: 'disks',
  describe: 'Rates, latency and load of the disks.',
  fields,
  empty: { disks: [] },
  // Busy and latency: of the worst one.
  figures: [
    { name: 'disk_read_bytes_per_s', of: ({ host }) => sum(host.disks.map(disk => disk.read_bytes_per_s)) },
    { name: 'disk_write_bytes_per_s', of: ({ host }) => sum(host.disks.map(disk => disk.write_bytes_per_s)) },
    { name: 'disk_busy_percent', of: ({ host }) => max(host.disks.map(disk => disk.busy_percent)) },
    { name: 'disk_latency_ms', decimals: 2, of: ({ host }) => max(host.disks.map(disk => disk.latency_ms)) },
  ],
  create: () => new DiskCollector(),
});
