/** What lineage must know of a session; the tracker's `Session` is one. */
export interface Origin {
  /** Living processes while it lives, those of its end after that. */
  readonly members: ReadonlyMap<number, unknown>;
  /** Not null: its main process is gone. */
  readonly ending: unknown;
}

/** A process in a listing of all. */
export interface Kin {
  readonly pid: number;
  readonly ppid: number;
  readonly start_ticks: number;
}

/** A whole listing of processes, with a look-up by pid. */
export interface Listing {
  readonly rows: readonly Kin[];
  get(pid: number): Kin | undefined;
}

interface Descendant<O> {
  origin: O;
  /** Null until a listing showed it: a fork event does not tell. */
  start_ticks: number | null;
  /** In how many listings on end it was missing before it was ever seen. */
  missed: number;
}

/** Fork events between two listings beyond this are left to the listing. */
const MAX_BETWEEN = 65_536;
/** A process that a fork event told of may be a listing late. */
const MAX_MISSED = 2;

/**
 * From which agent session each process came, by recorded lineage: a process belongs to the session that the
 * process belonged to which made it, for as long as it lives, whatever becomes of its parent, its session id
 * and the agent. Pure: fork and exit events and listings come in, nothing is read.
 *
 * Of living sessions the tracker knows the members; this keeps what is left of the dead ones as well. Without
 * events, parents seen in the listings must do: a process whose parent ends between two listings, before it
 * was ever listed, is lost.
 */
export class Lineage<O extends Origin> {
  private readonly known = new Map<number, Descendant<O>>();
  /** Pids that a session still lists though they belong to somebody else by now, with that one's start. */
  private readonly strangers = new Map<number, number>();
  /** Made since the last listing by processes of no session: no member of one that ended before. */
  private readonly foreign = new Set<number>();
  /** Ended sessions of which the last members were taken in. */
  private readonly closed = new WeakSet<O>();

  /**
   * `isShared`: a helper that serves several sessions by design, such as Codex's app-server: neither it nor
   * what it keeps running is left over by the session that happened to start it.
   */
  constructor(private readonly isShared: (pid: number) => boolean = () => false) {}

  /** The session that a process came from, dead or alive. */
  of(pid: number): O | undefined {
    return this.known.get(pid)?.origin;
  }

  /** How many processes are known to have come from some session. */
  get size(): number {
    return this.known.size;
  }

  /** A process was made. `origin`: the session that the tracker gave it to, if any. */
  fork(ppid: number, pid: number, origin: O | undefined): void {
    // A session that is over has no new members: its pid may be the new process's by now.
    const owner = origin?.ending === null ? origin : this.known.get(ppid)?.origin;
    this.strangers.delete(pid);
    if (owner === undefined || (owner.ending !== null && this.isShared(ppid))) {
      // It was somebody else's before, and no exit event came.
      this.known.delete(pid);
      if (this.foreign.size < MAX_BETWEEN) this.foreign.add(pid);
    } else if (this.known.size < MAX_BETWEEN) {
      this.known.set(pid, { origin: owner, start_ticks: null, missed: 0 });
      this.foreign.delete(pid);
    }
  }

  exit(pid: number): void {
    this.known.delete(pid);
    this.strangers.delete(pid);
  }

  /** Takes in all processes there are, and the tracker's sessions. */
  see(listing: Listing, sessions: Iterable<O>): void {
    for (const [pid, descendant] of this.known) this.confirm(pid, descendant, listing);
    for (const [pid, start_ticks] of this.strangers)
      if (listing.get(pid)?.start_ticks !== start_ticks) this.strangers.delete(pid);
    for (const session of sessions) this.takeMembers(session, listing);
    this.foreign.clear();
    if (this.known.size === 0) return;
    this.followParents(listing.rows);
    for (const [pid, { origin }] of this.known)
      if (origin.ending !== null && this.isServed(pid, listing)) this.known.delete(pid);
  }

  private confirm(pid: number, descendant: Descendant<O>, listing: Listing): void {
    const row = listing.get(pid);
    if (row === undefined) {
      descendant.missed++;
      if (descendant.start_ticks !== null || descendant.missed >= MAX_MISSED) this.known.delete(pid);
      return;
    }
    descendant.start_ticks ??= row.start_ticks;
    if (descendant.start_ticks === row.start_ticks) return;
    this.known.delete(pid);
    this.strangers.set(pid, row.start_ticks);
  }

  private takeMembers(session: O, listing: Listing): void {
    if (session.ending !== null) {
      if (this.closed.has(session)) return;
      this.closed.add(session);
    }
    for (const pid of session.members.keys()) {
      const row = listing.get(pid);
      if (row === undefined || this.strangers.get(pid) === row.start_ticks) continue;
      const before = this.known.get(pid);
      // What a living session claims is its own, whoever it came from; the dead claim nothing from others.
      if (before?.origin === session) continue;
      if (session.ending !== null && (before !== undefined || this.foreign.has(pid))) continue;
      this.known.set(pid, { origin: session, start_ticks: row.start_ticks, missed: 0 });
    }
  }

  /** Children of known processes are known, and theirs: a chain may be as long as there are processes. */
  private followParents(rows: readonly Kin[]): void {
    const children = new Map<number, Kin[]>();
    for (const row of rows) {
      if (this.known.has(row.pid)) continue;
      const siblings = children.get(row.ppid);
      if (siblings === undefined) children.set(row.ppid, [row]);
      else siblings.push(row);
    }
    // What is added while a map is walked is walked too.
    for (const [pid, parent] of this.known) {
      for (const row of children.get(pid) ?? []) {
        // A parent that is younger than its child is not the one that made it.
        if (this.known.has(row.pid) || parent.start_ticks === null || parent.start_ticks > row.start_ticks)
          continue;
        this.known.set(row.pid, { origin: parent.origin, start_ticks: row.start_ticks, missed: 0 });
      }
    }
  }

  /** A shared helper, or what stands below one. */
  private isServed(pid: number, listing: Listing): boolean {
    const passed = new Set<number>();
    for (let at = pid; at > 1 && !passed.has(at); at = listing.get(at)?.ppid ?? 0) {
      if (this.isShared(at)) return true;
      passed.add(at);
    }
    return false;
  }
}
