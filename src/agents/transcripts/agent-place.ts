import { failureOf } from '../../lib/files/bounded-read.js';
import { containerName, NAMELESS } from '../../lib/proc/container.js';
import { type InsideView, insideView } from '../../lib/proc/namespaces.js';
import type { Session } from '../tracker/session.js';

/** Where an agent runs. */
export interface AgentPlace {
  /** How it sees itself. */
  inside: InsideView;
  /** What its container is called; null: it is in none that can be told. */
  container: string | null;
}

interface Known {
  pid: number;
  place: AgentPlace;
  /** When it is looked at again, of a monotonic clock; null: never. */
  again_ms: number | null;
}

/** Whose environment cannot be told now is not asked more often. */
const AGAIN_MS = 1_000;

/** Where each agent runs, looked at once for each main process: a process stays in its namespaces. */
export class AgentPlaces {
  private readonly known = new WeakMap<Session, Known>();

  constructor(private readonly procRoot: string) {}

  /** @throws while vigil lacks descriptors, of an agent that was never looked at */
  of(session: Session): AgentPlace {
    const before = this.known.get(session);
    // Of one that has ended nothing can be looked at any more.
    if (before !== undefined && (session.ending !== null || isCurrent(before, session))) return before.place;
    const { pid } = session;
    const { place, settled } = this.look(pid, before?.pid === pid ? before.place : null);
    this.known.set(session, { pid, place, again_ms: settled ? null : performance.now() + AGAIN_MS });
    return place;
  }

  /** Where it was, while vigil itself lacks what it takes to look again: a fault of ours moves nobody. */
  private look(pid: number, before: AgentPlace | null): { place: AgentPlace; settled: boolean } {
    try {
      const inside = insideView(this.procRoot, pid);
      const { name, settled } = containerName(this.procRoot, pid);
      return { place: { inside, container: name ?? (inside.pid === pid ? null : NAMELESS) }, settled };
    } catch (error) {
      if (before === null || failureOf(error) !== 'ours') throw error;
      return { place: before, settled: false };
    }
  }
}

function isCurrent({ pid, again_ms }: Known, session: Session): boolean {
  return pid === session.pid && (again_ms === null || performance.now() < again_ms);
}
