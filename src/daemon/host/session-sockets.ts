import { processKey } from '../../lib/process/identity.js';
import type { SessionSample } from '../../model/snapshot.js';
import { socketsOf } from '../../sources/host/network/sockets.js';

/** They are read so rarely: each costs a look at all descriptors of the session's processes. */
const READ_MS = 30_000;

type Counts = SessionSample['sockets'];
type Read = Pick<SessionSample, 'pid' | 'start_ticks' | 'pids'>;

/** How many sockets each agent session has open, by their state. */
export class SessionSockets {
  private counts = new Map<string, Counts>();
  private read_ms = Number.NEGATIVE_INFINITY;

  constructor(private readonly procRoot: string) {}

  /** Null: not read yet. */
  of(session: Read): Counts {
    return this.counts.get(processKey(session)) ?? null;
  }

  /** In the background: the next snapshot has them. */
  read(time_ms: number, sessions: readonly Read[]): void {
    if (sessions.length === 0 || time_ms - this.read_ms < READ_MS) return;
    this.read_ms = time_ms;
    const tables = new Map();
    const read = sessions.map(
      async session => [processKey(session), await socketsOf(this.procRoot, session.pids, tables)] as const,
    );
    void Promise.all(read).then(counts => {
      this.counts = new Map(counts);
    });
  }
}
