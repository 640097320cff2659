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

/** Where each agent runs, looked at once for each main process: a process stays in its namespaces. */
export class AgentPlaces {
  private readonly known = new WeakMap<Session, { pid: number; place: AgentPlace }>();

  constructor(private readonly procRoot: string) {}

  of(session: Session): AgentPlace {
    const before = this.known.get(session);
    // Of one that has ended nothing can be looked at any more.
    if (before !== undefined && (before.pid === session.pid || session.ending !== null)) return before.place;
    const { pid } = session;
    const inside = insideView(this.procRoot, pid);
    const container = containerName(this.procRoot, pid) ?? (inside.pid === pid ? null : NAMELESS);
    const place = { inside, container };
    this.known.set(session, { pid, place });
    return place;
  }
}
