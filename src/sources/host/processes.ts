import type { Lineage, Origin } from '../../lib/process/lineage.js';
import { nextTurn } from '../../lib/time/slices.js';
import type { Mode, Reason, State } from '../../model/agent.js';
import { type Figure, sum } from '../../model/figure.js';
import type { LifecycleEvent } from '../../model/kernel-event.js';
import type { ProcessSample, SessionRef, SessionSample } from '../../model/snapshot.js';
import type { ProcessTable, TableRow } from '../procfs/table.js';

/** What is told of an agent session; the tracker's `Session` is one. */
export interface AgentSession extends Origin {
  readonly type: { readonly name: string; readonly label: string };
  readonly pid: number;
  readonly start_ticks: number;
  readonly uid: number;
  readonly tty: string | null;
  readonly cwd: string | null;
  readonly mode?: Mode;
  readonly state: State;
  readonly reason?: Reason | null;
  readonly since_ms: number;
  readonly started_ms: number;
  /** Other conversations in its process. */
  readonly further?: ReadonlySet<Pick<AgentSession, 'state' | 'since_ms'>>;
}

export interface Processes {
  processes: readonly ProcessSample[];
  /** The living ones, and the dead ones of which processes still run. */
  sessions: SessionSample[];
}

export const PROCESS_FIGURES: readonly Figure[] = [
  { name: 'processes', of: ({ processes }) => processes.length },
];

/** All processes, each with the agent session that it came from, and what each session uses. */
export class ProcessCollector {
  /** Of the last sample: their costly fields are read in the next. */
  private agents: readonly number[] = [];

  constructor(
    private readonly table: ProcessTable,
    private readonly lineage: Lineage<AgentSession>,
  ) {}

  /**
   * What the kernel told, after the tracker took it in. `session`: the one that the tracker gives a new
   * process to. Not needed, but what starts and ends between two samples is known only by it.
   */
  hear(event: LifecycleEvent, session: AgentSession | undefined): void {
    switch (event.type) {
      case 'fork':
        this.lineage.fork(event.ppid, event.pid, session);
        this.table.forked(event.pid);
        break;
      case 'exec':
        this.table.execed(event.pid);
        break;
      case 'exit':
        this.lineage.exit(event.pid);
        this.table.exited(event.pid);
    }
  }

  /** In the next sample all processes are read, however still they were. */
  readAll(): void {
    this.table.wakeAll();
  }

  /**
   * `sessions`: the tracker's. `now_ms`: as of `now()`. `close`: pids of others to be looked at as closely as those of
   * agents. Throws when /proc cannot be listed.
   */
  collect(now_ms: number, sessions: readonly AgentSession[], close: readonly number[] = []): Processes {
    return this.take(this.table.sample(now_ms, [...this.agents, ...close]), sessions);
  }

  /** The same between everything else that the event loop has to do; `sessions` are those at its end. */
  async collectAside(
    now_ms: number,
    sessions: () => readonly AgentSession[],
    close: readonly number[] = [],
  ): Promise<Processes> {
    const rows = await this.table.sampleAside(now_ms, [...this.agents, ...close]);
    await nextTurn();
    return this.take(rows, sessions());
  }

  private take(rows: readonly TableRow[], sessions: readonly AgentSession[]): Processes {
    this.lineage.see({ rows, get: pid => this.table.get(pid) }, sessions);
    const found = attribute(rows, sessions, this.lineage);
    this.agents = found.sessions.flatMap(({ pids }) => pids);
    return found;
  }

  /** Closes all files. */
  stop(): void {
    this.table.stop();
  }
}

/** Fills in `session`, and sums up. */
export function attribute(
  rows: readonly ProcessSample[],
  living: Iterable<AgentSession>,
  lineage: Pick<Lineage<AgentSession>, 'of' | 'size'>,
): Processes {
  const groups = new Map<AgentSession, { ref: SessionRef; members: ProcessSample[] }>();
  const group = (session: AgentSession) => {
    let found = groups.get(session);
    if (found === undefined) {
      found = { ref: sessionRef(session), members: [] };
      groups.set(session, found);
    }
    return found;
  };
  for (const session of living) if (session.ending === null) group(session);
  const attributed = (row: ProcessSample): ProcessSample => {
    const session = lineage.of(row.pid);
    if (session === undefined) return row;
    const { ref, members } = group(session);
    const sample = { ...row, session: ref };
    members.push(sample);
    return sample;
  };
  const processes = lineage.size === 0 ? rows : rows.map(attributed);
  const sessions = [...groups].map(([session, { ref, members }]) => total(session, ref, members));
  return { processes, sessions };
}

export function sessionRef(session: AgentSession): SessionRef {
  return {
    pid: session.pid,
    start_ticks: session.start_ticks,
    agent: session.type.name,
    label: session.type.label,
    cwd: session.cwd,
    alive: session.ending === null,
  };
}

function total(session: AgentSession, ref: SessionRef, members: readonly ProcessSample[]): SessionSample {
  // Of several conversations in a process the one that works accounts for what it uses.
  const all = [session, ...(session.further ?? [])];
  const { state, since_ms } = all.find(one => one.state === 'WORKING') ?? session;
  return {
    ...ref,
    uid: session.uid,
    tty: session.tty,
    ...(session.mode === 'batch' && { interactive: false }),
    state,
    ...(session.reason !== undefined && session.state === state && { reason: session.reason }),
    since_ms,
    started_ms: session.started_ms,
    ended_ms: ref.alive ? null : session.since_ms,
    pids: members.map(({ pid }) => pid),
    cpu_percent: sum(members.map(({ cpu_percent }) => cpu_percent)) ?? 0,
    rss_bytes: sum(members.map(({ rss_bytes }) => rss_bytes)) ?? 0,
    fds: sum(members.map(({ fds }) => fds)),
    read_bytes: sum(members.map(({ read_bytes }) => read_bytes)),
    write_bytes: sum(members.map(({ write_bytes }) => write_bytes)),
    sockets: null,
  };
}
