import { PAGE_SIZE_BYTES, TICKS_PER_SECOND } from '../../lib/os/boot.js';
import type { Stat } from '../../lib/proc/stat.js';
import type { Work } from '../../lib/time/in-turns.js';
import { readStat, tryStat } from './read.js';

/** Processes that are read between two turns of the event loop, some 20 µs each. */
const PIECE = 32;

export interface Usage {
  cpu_percent: number;
  rss_bytes: number;
}

interface Sample {
  start_ticks: number;
  cpu_ticks: number;
  time_ms: number;
}

/**
 * CPU and memory of groups of processes, between two calls for the same process.
 *
 * CPU is percent of one core since the process was last asked about, at least MIN_INTERVAL_MS ago;
 * on the first call, since it started.
 */
export class UsageMeter {
  private static readonly MIN_INTERVAL_MS = 900;
  private readonly samples = new Map<number, { before: Sample; percent: number; rss_bytes: number }>();

  constructor(private readonly root: string) {}

  /** A few processes at a time. */
  *measure(pids: readonly number[], now_ms: number, startedMs: (ticks: number) => number): Work<Usage> {
    const total: Usage = { cpu_percent: 0, rss_bytes: 0 };
    for (const [i, pid] of pids.entries()) {
      if (i % PIECE === PIECE - 1) yield;
      let stat: Stat | null;
      try {
        stat = readStat(this.root, pid);
      } catch {
        // Descriptors ran out: it is as it was.
        const before = this.samples.get(pid);
        total.cpu_percent += before?.percent ?? 0;
        total.rss_bytes += before?.rss_bytes ?? 0;
        continue;
      }
      if (stat === null) {
        this.samples.delete(pid);
        continue;
      }
      const rss_bytes = stat.rss_pages * PAGE_SIZE_BYTES;
      total.rss_bytes += rss_bytes;
      const sample: Sample = { start_ticks: stat.start_ticks, cpu_ticks: stat.cpu_ticks, time_ms: now_ms };
      const known = this.samples.get(pid);
      if (known !== undefined) known.rss_bytes = rss_bytes;
      if (known === undefined || known.before.start_ticks !== stat.start_ticks) {
        const age_ms = Math.max(now_ms - startedMs(stat.start_ticks), 10);
        const percent = (stat.cpu_ticks / TICKS_PER_SECOND / (age_ms / 1000)) * 100;
        this.samples.set(pid, { before: sample, percent, rss_bytes });
      } else if (now_ms - known.before.time_ms >= UsageMeter.MIN_INTERVAL_MS) {
        const seconds = (now_ms - known.before.time_ms) / 1000;
        known.percent = ((stat.cpu_ticks - known.before.cpu_ticks) / TICKS_PER_SECOND / seconds) * 100;
        known.before = sample;
      }
      total.cpu_percent += this.samples.get(pid)?.percent ?? 0;
    }
    return total;
  }

  /** Forgets processes that are gone, so that the memory does not grow. */
  forgetAllBut(alive: ReadonlySet<number>): void {
    for (const pid of this.samples.keys()) if (!alive.has(pid)) this.samples.delete(pid);
  }
}

/** Resident memory of one process, 0 when it is gone. */
export function rssBytes(root: string, pid: number): number {
  return (tryStat(root, pid)?.rss_pages ?? 0) * PAGE_SIZE_BYTES;
}
