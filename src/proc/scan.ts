import type { ProcessFacts } from '../agents/observation.js';
import { eachName } from '../bounded-read.js';
import { memoryOf } from './process-memory.js';
import { MAX_PIDS, pidOf, readExe, readFacts, readStat, splitArguments } from './read.js';
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

/** New, or with other arguments than before. */
interface Fresh {
  stat: Stat;
  argv: string[];
}

/** Processes looked at in one step, and command lines read at once. */
const STEP = 32;
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

  /** All of it at once. */
  scan(nowTicks: number): ProcessFacts[] {
    return [...this.steps(nowTicks)].filter(process => process !== null);
  }

  /**
   * Step by step: null, or a process that was found, as it is at that moment. Throws where descriptors or memory ran
   * out: then the next scan tells what this one would have told.
   */
  *steps(nowTicks: number): Generator<ProcessFacts | null, void> {
    const seen = new Map<number, Seen>();
    const fresh: Fresh[] = [];
    let unread: Stat[] = [];
    for (const name of eachName(this.root, MAX_PIDS)) {
      const pid = pidOf(name);
      if (pid === null) continue;
      const stat = readStat(this.root, pid);
      // Kernel threads (children of 2) and the dead have no command line.
      if (stat === null || stat.ppid === 2 || pid === 2 || stat.state === 'Z') continue;
      const before = this.seen.get(pid);
      const settled = before?.start_ticks === stat.start_ticks && nowTicks - stat.start_ticks > SETTLED_TICKS;
      // On a terminal a shell may exec an agent in place, however old it is.
      if (settled && stat.tty_nr === 0) seen.set(pid, before);
      else unread.push(stat);
      if (unread.length < STEP) continue;
      this.readArguments(unread, seen, fresh);
      unread = [];
      yield null;
    }
    this.readArguments(unread, seen, fresh);
    this.seen = seen;
    yield null;
    yield* this.choose(fresh);
  }

  private readArguments(stats: readonly Stat[], seen: Map<number, Seen>, fresh: Fresh[]): void {
    const found = memoryOf(this.root).readAll(
      stats.map(({ pid }) => pid),
      'cmdline',
    );
    for (const [i, stat] of stats.entries()) {
      const { pid, start_ticks, ppid } = stat;
      const before = this.seen.get(pid);
      const bytes = found[i]!;
      if (bytes === 'unknown') {
        // What is not known is not new either: the next scan asks again.
        if (before?.start_ticks === start_ticks) seen.set(pid, before);
        continue;
      }
      const argv = splitArguments(bytes);
      const argv0 = argv[0] ?? '';
      seen.set(pid, { start_ticks, ppid, argv0 });
      if (before?.start_ticks !== start_ticks || before.argv0 !== argv0) fresh.push({ stat, argv });
    }
  }

  private *choose(fresh: Fresh[]): Generator<ProcessFacts | null, void> {
    fresh.sort((a, b) => a.stat.start_ticks - b.stat.start_ticks || a.stat.pid - b.stat.pid);
    // A child of a wanted process is wanted: `wanted` learns of parents only after this scan.
    const chosen = new Set<number>();
    let told = 0;
    try {
      for (const { stat, argv } of fresh) {
        const glimpse = { pid: stat.pid, ppid: stat.ppid, exe: readExe(this.root, stat.pid), argv };
        const isWanted = chosen.has(stat.ppid) || this.wanted(glimpse);
        const facts = isWanted ? readFacts(this.root, stat.pid, argv) : null;
        if (facts !== null) chosen.add(stat.pid);
        if (++told % STEP === 0 || facts !== null) yield facts;
      }
    } finally {
      for (const { stat } of fresh.slice(told)) this.seen.delete(stat.pid);
    }
  }

  /** Forget everything, so that the next scan reports all processes again. */
  reset(): void {
    this.seen = new Map();
  }
}
