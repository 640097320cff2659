import type { Session } from '../../agents/tracker/session.js';
import { ticksToEpochMs } from '../../lib/os/boot.js';
import type { Work } from '../../lib/time/in-turns.js';
import { now } from '../../lib/time/time.js';
import { type Usage, UsageMeter } from '../../sources/procfs/usage.js';

/** Whoever asks within this time gets what was found. */
const FRESH_MS = 900;

/** What the processes of each agent use: a file for each of them, read once for all who ask within a second. */
export class RecentUsage {
  private readonly meter: UsageMeter;
  private readonly found = new Map<number, { usage: Usage; at_ms: number }>();

  constructor(procRoot: string) {
    this.meter = new UsageMeter(procRoot);
  }

  *of(session: Session): Work<Usage> {
    const at_ms = performance.now();
    const known = this.found.get(session.pid);
    if (known !== undefined && at_ms - known.at_ms < FRESH_MS) return known.usage;
    const alive = session.ending === null ? [...session.members.keys()] : [];
    const usage = yield* this.meter.measure(alive, now(), ticksToEpochMs);
    this.found.set(session.pid, { usage, at_ms });
    return usage;
  }

  /** Forgets what is gone. */
  forgetAllBut(sessions: readonly Session[]): void {
    const pids = new Set(sessions.map(({ pid }) => pid));
    for (const pid of this.found.keys()) if (!pids.has(pid)) this.found.delete(pid);
    this.meter.forgetAllBut(new Set(sessions.flatMap(({ members }) => [...members.keys()])));
  }
}
