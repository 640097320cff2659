import { MANY_CORES_BYTES, readText } from '../../lib/files/bounded-read.js';
import { TICKS_PER_SECOND } from '../../lib/os/boot.js';
import type { TableRow } from '../../sources/procfs/table.js';
import type { Usage } from './event.js';

/**
 * Ticks in which some core was busy, of the first line of /proc/stat, proc_stat(5):
 * `cpu  user nice system idle iowait irq softirq steal guest guest_nice`. Null when it is not there.
 */
export function parseBusyTicks(stat: string): number | null {
  const fields = /^cpu +([\d ]+)$/m.exec(stat)?.[1]?.split(' ').map(Number);
  if (fields === undefined || fields.length < 4) return null;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
  return user + nice + system + irq + softirq + steal;
}

/** A line of /proc/meminfo in bytes, e.g. `MemAvailable:   12345 kB`; 0 when it is not there. */
export function parseMeminfo(meminfo: string, name: string): number {
  const kb = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1];
  return Number(kb ?? 0) * 1024;
}

/** The whole machine as if it were one process: pid 0, named `system`. */
export class Machine {
  private busy_ticks: number | null = null;
  private read_ms = 0;

  constructor(private readonly root = '/proc') {}

  /** Resident is what is not available, virtual what the kernel has promised; its children are all processes. */
  measure(rows: readonly TableRow[], now_ms: number): Usage {
    const meminfo = readText(`${this.root}/meminfo`);
    const busy_ticks = parseBusyTicks(readText(`${this.root}/stat`, MANY_CORES_BYTES));
    const elapsed_s = (now_ms - this.read_ms) / 1000;
    const spent = this.busy_ticks === null || busy_ticks === null ? 0 : busy_ticks - this.busy_ticks;
    this.busy_ticks = busy_ticks;
    this.read_ms = now_ms;
    return {
      pid: 0,
      comm: 'system',
      cpu_percent: Math.max((spent / TICKS_PER_SECOND / elapsed_s) * 100, 0),
      rss_bytes: parseMeminfo(meminfo, 'MemTotal') - parseMeminfo(meminfo, 'MemAvailable'),
      vsize_bytes: parseMeminfo(meminfo, 'Committed_AS'),
      threads: rows.reduce((sum, row) => sum + row.threads, 0),
      children: rows.length,
    };
  }
}
