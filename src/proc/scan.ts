import type { ProcessFacts } from '../agents/observation.js';
import { listPids, readArgv, readExe, readFacts, readStat } from './read.js';
import type { Stat } from './stat.js';

/** As much of a process as telling an agent by its name takes. */
export interface Glimpse {
  pid: number;
  ppid: number;
  exe: string | null;
  argv: string[];
}

interface Seen {
  start_ticks: number;
  ppid: number;
  argv0: string;
}

/** A process of this age may still be about to exec what it was forked for. */
const SETTLED_TICKS = 1_000;

/**
 * Finds processes that came since the last scan, oldest first, so that parents come before children.
 * It is the safety net behind the kernel's events, and all there is without them.
 */
export class Scanner {
  private seen = new Map<number, Seen>();

  constructor(
    private readonly root: string,
    /** Whether a new process deserves a full look. */
    private readonly wanted: (glimpse: Glimpse) => boolean,
  ) {}

  scan(nowTicks: number): ProcessFacts[] {
    const seen = new Map<number, Seen>();
    const found: ProcessFacts[] = [];
    const fresh: { stat: Stat; argv: string[] }[] = [];
    for (const pid of listPids(this.root)) {
      const stat = readStat(this.root, pid);
      // Kernel threads (children of 2) and the dead have no command line.
      if (stat === null || stat.ppid === 2 || pid === 2 || stat.state === 'Z') continue;
      const before = this.seen.get(pid);
      const settled = before?.start_ticks === stat.start_ticks && nowTicks - stat.start_ticks > SETTLED_TICKS;
      // On a terminal a shell may exec an agent in place, however old it is.
      if (settled && stat.tty_nr === 0) {
        seen.set(pid, before);
        continue;
      }
      const argv = readArgv(this.root, pid);
      const argv0 = argv[0] ?? '';
      seen.set(pid, { start_ticks: stat.start_ticks, ppid: stat.ppid, argv0 });
      if (before?.start_ticks === stat.start_ticks && before.argv0 === argv0) continue;
      fresh.push({ stat, argv });
    }
    this.seen = seen;
    fresh.sort((a, b) => a.stat.start_ticks - b.stat.start_ticks || a.stat.pid - b.stat.pid);
    // A child of a wanted process is wanted: `wanted` learns of parents only after this scan.
    const chosen = new Set<number>();
    for (const { stat, argv } of fresh) {
      const glimpse = { pid: stat.pid, ppid: stat.ppid, exe: readExe(this.root, stat.pid), argv };
      if (!chosen.has(stat.ppid) && !this.wanted(glimpse)) continue;
      const facts = readFacts(this.root, stat.pid);
      if (facts === null) continue;
      chosen.add(stat.pid);
      found.push(facts);
    }
    return found;
  }

  /** Forget everything, so that the next scan reports all processes again. */
  reset(): void {
    this.seen = new Map();
  }
}
