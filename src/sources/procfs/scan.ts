import { memoryOf } from '../../lib/proc/process-memory.js';
import type { Stat } from '../../lib/proc/stat.js';
import type { Work } from '../../lib/time/in-turns.js';
import type { Steps } from '../../lib/time/slices.js';
import type { ProcessFacts } from '../../model/observation.js';
import { readExe, readFacts, readStat, splitArguments } from './read.js';
import { ProcFiles } from './table-files.js';
import { NewPids } from './table-pids.js';

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

/** What a scan finds out on its way. */
interface Found {
  seen: Map<number, Seen>;
  restless: Set<number>;
  fresh: Fresh[];
}

/** A process that was found; null: the next step; or what the next step waits for. */
type Step = ProcessFacts | Promise<unknown> | null;

/** Processes looked at in one step, and command lines read at once. */
const STEP = 32;
const SETTLED_TICKS = 1_000;

/**
 * Finds processes that came since the last scan, oldest first, so that parents come before children.
 * It is the safety net behind the kernel's events, and all there is without them.
 */
export class Scanner {
  private seen = new Map<number, Seen>();
  /** Who may become something else: the young, and who is on a terminal. */
  private restless = new Set<number>();
  private readonly pids: NewPids;

  constructor(
    private readonly root: string,
    /** Whether a new process deserves a full look. */
    private readonly wanted: (glimpse: Glimpse) => boolean,
  ) {
    this.pids = new NewPids(root, new ProcFiles(0));
  }

  /** All of it at once. */
  scan(nowTicks: number): ProcessFacts[] {
    return [...this.steps(nowTicks, false)].filter(isFound);
  }

  /**
   * Step by step: null, or a process that was found, as it is at that moment; where it may wait also a promise of what
   * the next step needs. Throws where descriptors or memory ran
   * out: then the next scan tells what this one would have told.
   */
  *steps(nowTicks: number, mayWait = true): Generator<Step, void> {
    try {
      yield* this.scanSteps(nowTicks, mayWait);
    } catch (error) {
      // Who is new was asked for already: all are listed the next time.
      this.pids.close();
      throw error;
    }
  }

  private *scanSteps(nowTicks: number, mayWait: boolean): Generator<Step, void> {
    const arrivals = yield* asNull(this.pids.next(performance.now(), this.seen));
    const candidates = arrivals.all ? arrivals.pids : new Set([...arrivals.pids, ...this.restless]);
    const seen = arrivals.all ? new Map<number, Seen>() : this.seen;
    const restless = new Set<number>();
    const fresh: Fresh[] = [];
    const found = { seen, restless, fresh };
    let unread: Stat[] = [];
    let looked = 0;
    for (const pid of candidates) {
      const stat = readStat(this.root, pid);
      // Kernel threads and the dead have no command line.
      if (stat === null || stat.is_kernel_thread || stat.state === 'Z') seen.delete(pid);
      else {
        if (arrivals.all && this.isUntold(stat, nowTicks)) this.pids.distrust();
        unread.push(stat);
      }
      if (++looked % STEP > 0) continue;
      yield* this.readArguments(unread, nowTicks, found, mayWait);
      unread = [];
      yield null;
    }
    yield* this.readArguments(unread, nowTicks, found, mayWait);
    this.seen = seen;
    this.restless = restless;
    yield null;
    yield* this.choose(fresh);
  }

  /** It has been there for longer than since the last scan, and the kernel's counter of pids did not tell of it. */
  private isUntold(stat: Stat, nowTicks: number): boolean {
    return this.seen.size > 0 && !this.seen.has(stat.pid) && !isYoung(stat, nowTicks);
  }

  private *readArguments(
    stats: readonly Stat[],
    nowTicks: number,
    { seen, restless, fresh }: Found,
    mayWait: boolean,
  ): Generator<Step, void> {
    const asked = stats.filter(stat => {
      const before = this.seen.get(stat.pid);
      if (isYoung(stat, nowTicks) || stat.tty_nr !== 0) restless.add(stat.pid);
      const settled = before?.start_ticks === stat.start_ticks && !restless.has(stat.pid);
      if (settled && !this.restless.has(stat.pid)) seen.set(stat.pid, before);
      return !settled || this.restless.has(stat.pid);
    });
    const pids = asked.map(({ pid }) => pid);
    const memory = memoryOf(this.root);
    const found = mayWait
      ? yield* asNull(memory.readInTurns(pids, 'cmdline'))
      : memory.readAll(pids, 'cmdline');
    for (const [i, stat] of asked.entries()) {
      const { pid, start_ticks, ppid } = stat;
      const before = this.seen.get(pid);
      const bytes = found[i]!;
      if (bytes === 'unknown') {
        // What is not known is not new either: the next scan asks again.
        if (before?.start_ticks === start_ticks) seen.set(pid, before);
        restless.add(pid);
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
      for (const { stat } of fresh.slice(told)) {
        this.seen.delete(stat.pid);
        this.restless.add(stat.pid);
      }
    }
  }

  /** Forget everything, so that the next scan reports all processes again. */
  reset(): void {
    this.seen = new Map();
    this.restless = new Set();
    this.pids.close();
  }
}

function isFound(step: Step): step is ProcessFacts {
  return step !== null && !(step instanceof Promise);
}

/** A process of this age may still be about to exec what it was forked for. */
function isYoung({ start_ticks }: Stat, nowTicks: number): boolean {
  return nowTicks - start_ticks <= SETTLED_TICKS;
}

/** Its steps as those of a scan. */
function* asNull<T>(steps: Steps<T> | Work<T>): Generator<Promise<unknown> | null, T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    yield value ?? null;
  }
}
