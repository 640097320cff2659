import { serversOf } from '../../agents/tracker/conversations.js';
import { isSame } from '../../agents/tracker/pending.js';
import type { Session } from '../../agents/tracker/session.js';
import { orUnknown } from '../../lib/files/bounded-read.js';
import type { Logger } from '../../lib/log/logger.js';
import { nowTicks, ticksToEpochMs } from '../../lib/os/boot.js';
import { type Stat, ttyName } from '../../lib/proc/stat.js';
import type { Work } from '../../lib/time/in-turns.js';
import { inSlices, type Steps } from '../../lib/time/slices.js';
import { type Clock, clock } from '../../lib/time/time.js';
import type { Module, ModuleHealth } from '../../model/module.js';
import { hiddenFromVigil } from '../../sources/procfs/hidden-processes.js';
import { readFacts, readLiving } from '../../sources/procfs/read.js';
import { type Glimpse, Scanner } from '../../sources/procfs/scan.js';
import type { AgentMonitor } from './agent-monitor.js';

export interface AgentScanOptions {
  /** `/proc`; another folder in tests. */
  procRoot: string;
  monitor: AgentMonitor;
  logger: Pick<Logger, 'warn'>;
  /** vigil's; another one in tests. */
  clock?: Clock;
}

/** The kernel's word on an exit may be on its way still, and it says more than that nobody is there. */
const LAST_WORD_MS = 1_000;

/** A process as part of a session. */
interface Member {
  session: Session;
  pid: number;
}

/** Finds in /proc what no event told: agents that came or went unnoticed. */
export class AgentScan implements Module {
  readonly name = 'agent scan';
  private readonly scanner: Scanner;
  private readonly clock: Clock;
  private scanning: Promise<void> | null = null;
  /** The next scan begins as if nothing were known. */
  private scanAll = false;
  private problem: string | null = null;
  private stopped = false;

  constructor(private readonly options: AgentScanOptions) {
    this.clock = options.clock ?? clock;
    this.scanner = new Scanner(options.procRoot, glimpse => this.wants(glimpse));
  }

  start(): Promise<void> {
    return this.rescan(true);
  }

  stop(): void {
    this.stopped = true;
  }

  health(): ModuleHealth {
    const problems = this.problem === null ? [] : [`cannot look at all processes: ${this.problem}`];
    const hidden = hiddenFromVigil(this.options.procRoot, process.getuid?.());
    return { problems: hidden === null ? problems : [...problems, hidden] };
  }

  /**
   * Looks at /proc for agents that came or went unnoticed, between everything else; resolves when that is done.
   * `all`: as if nothing were known. What cannot be looked at, for want of descriptors, is as it was.
   */
  rescan(all: boolean): Promise<void> {
    this.scanAll ||= all;
    this.scanning ??= this.scanAndCheck().finally(() => {
      this.scanning = null;
    });
    return this.scanning;
  }

  private async scanAndCheck(): Promise<void> {
    do {
      if (this.scanAll) this.scanner.reset();
      this.scanAll = false;
      try {
        await inSlices(this.scanSteps());
        await inSlices(this.checkSteps());
        await inSlices(this.strangerSteps());
        this.problem = null;
      } catch (error) {
        if (this.problem === null)
          this.options.logger.warn({ err: error }, 'cannot look at all processes: those that are known stay');
        this.problem = (error as Error).message;
      }
    } while (this.scanAll && !this.stopped);
  }

  private *scanSteps(): Work<void> {
    for (const step of this.scanner.steps(nowTicks(), true)) {
      if (step instanceof Promise) yield step;
      else {
        if (step !== null) this.options.monitor.look(step);
        yield;
      }
    }
  }

  /**
   * Ends sessions, and forgets members, whose processes are gone without an exit event. Sees who lost its
   * terminal and lives on, as Gemini CLI does.
   */
  private *checkSteps(): Steps<void> {
    const gone: Member[] = [];
    for (const session of serversOf(this.options.monitor.living())) {
      for (const pid of session.members.keys()) {
        if (this.isThere({ session, pid })) yield;
        else gone.push({ session, pid });
      }
    }
    this.miss(gone);
  }

  /** The same for the main process of one session. */
  checkAlive(session: Session): void {
    const member = { session, pid: session.pid };
    if (!this.isThere(member)) this.miss([member]);
  }

  private isThere({ session, pid }: Member): boolean {
    const { procRoot } = this.options;
    const stat = readLiving(procRoot, pid);
    if (isGone({ session, pid }, stat)) return false;
    if (pid === session.pid && stat !== null && ttyName(stat.tty_nr) !== session.tty) {
      const process = orUnknown(() => readFacts(procRoot, pid));
      if (process !== null && process !== 'unknown') this.options.monitor.look(process);
    }
    return true;
  }

  private miss(gone: readonly Member[]): void {
    if (gone.length === 0) return;
    const giveUp = () => void inSlices(this.giveUp(gone)).catch(() => {});
    if (this.options.monitor.hasLifecycle) setTimeout(giveUp, LAST_WORD_MS).unref();
    else giveUp();
  }

  /** Wrappers and servers of no session: what has their pid now may be somebody else. */
  private *strangerSteps(): Steps<void> {
    for (const known of this.options.monitor.tracker.unattached()) {
      yield;
      const stat = readLiving(this.options.procRoot, known.pid);
      if (stat !== null && isSame(known, stat.start_ticks, ticksToEpochMs(stat.start_ticks))) continue;
      this.options.monitor.feed({ type: 'gone', time_ms: this.clock.now(), pid: known.pid });
    }
  }

  private *giveUp(gone: readonly Member[]): Steps<void> {
    for (const member of gone) {
      const { session, pid } = member;
      yield;
      if (session.ending !== null || !session.members.has(pid)) continue;
      if (isGone(member, readLiving(this.options.procRoot, pid)))
        this.options.monitor.feed({ type: 'gone', time_ms: this.clock.now(), pid });
    }
  }

  private wants(glimpse: Glimpse): boolean {
    const { monitor } = this.options;
    const { tracker } = monitor;
    return (
      tracker.find(glimpse.ppid) !== undefined || tracker.wantsFacts(glimpse.ppid) || monitor.isAgent(glimpse)
    );
  }
}

function isGone({ session, pid }: Member, stat: Stat | null): boolean {
  if (pid === session.pid || stat === null) return stat?.start_ticks !== session.start_ticks;
  const member = session.members.get(pid);
  // Its pid may be another's by now: then it would bring strangers into the session.
  if (member === undefined) return false;
  const { start_ticks, since_ms } = member;
  return !isSame({ start_ticks, seen_ms: since_ms }, stat.start_ticks, ticksToEpochMs(stat.start_ticks));
}
