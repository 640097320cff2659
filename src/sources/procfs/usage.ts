import { PAGE_SIZE_BYTES, TICKS_PER_SECOND } from '../../lib/os/boot.js';
import type { Stat } from '../../lib/proc/stat.js';
import { each, type Work } from '../../lib/time/in-turns.js';
import { readStat, tryStat } from './read.js';

export interface Usage {
  cpu_percent: number;
  rss_bytes: number;
}

interface Sample {
  start_ticks: number;
  cpu_ticks: number;
  time_ms: number;
}

interface Used {
  before: Sample;
  percent: number;
  rss_bytes: number;
}

/**
 * CPU and memory of groups of processes, between two calls for the same process.
 *
 * CPU is percent of one core since the process was last asked about, at least MIN_INTERVAL_MS ago;
 * on the first call, since it started.
 */
export class UsageMeter {
  private static readonly MIN_INTERVAL_MS = 900;
  private readonly samples = new Map<number, Used>();

  constructor(private readonly root: string) {}

  /** A few processes at a time. */
  *measure(pids: readonly number[], now_ms: number, startedMs: (ticks: number) => number): Work<Usage> {
    const total: Usage = { cpu_percent: 0, rss_bytes: 0 };
    yield* each(pids, pid => {
      const used = this.usageOf(pid, now_ms, startedMs);
      total.cpu_percent += used?.percent ?? 0;
      total.rss_bytes += used?.rss_bytes ?? 0;
    });
    return total;
  }

  /** Null: it is gone. */
  private usageOf(pid: number, now_ms: number, startedMs: (ticks: number) => number): Used | null {
    const known = this.samples.get(pid);
    let stat: Stat | null;
    try {
      stat = readStat(this.root, pid);
    } catch {
      // Descriptors ran out: it is as it was.
      return known ?? null;
    }
    if (stat === null) {
      this.samples.delete(pid);
      return null;
    }
    const { start_ticks, cpu_ticks } = stat;
    const rss_bytes = stat.rss_pages * PAGE_SIZE_BYTES;
    const sample: Sample = { start_ticks, cpu_ticks, time_ms: now_ms };
    if (known?.before.start_ticks !== start_ticks) {
      const age_ms = Math.max(now_ms - startedMs(start_ticks), 10);
      const used = { before: sample, percent: percent(cpu_ticks, age_ms), rss_bytes };
      this.samples.set(pid, used);
      return used;
    }
    known.rss_bytes = rss_bytes;
    const passed_ms = now_ms - known.before.time_ms;
    if (passed_ms >= UsageMeter.MIN_INTERVAL_MS) {
      known.percent = percent(cpu_ticks - known.before.cpu_ticks, passed_ms);
      known.before = sample;
    }
    return known;
  }

  /** Forgets processes that are gone, so that the memory does not grow. */
  forgetAllBut(alive: ReadonlySet<number>): void {
    for (const pid of this.samples.keys()) if (!alive.has(pid)) this.samples.delete(pid);
  }
}

/** Of one core. */
function percent(cpu_ticks: number, during_ms: number): number {
  return (cpu_ticks / TICKS_PER_SECOND / (during_ms / 1000)) * 100;
}

/** Resident memory of one process, 0 when it is gone. */
export function rssBytes(root: string, pid: number): number {
  return (tryStat(root, pid)?.rss_pages ?? 0) * PAGE_SIZE_BYTES;
}
