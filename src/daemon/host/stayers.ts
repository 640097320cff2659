import { orUnknown } from '../../lib/files/bounded-read.js';
import { ticksToEpochMs } from '../../lib/os/boot.js';
import { processKey } from '../../lib/process/identity.js';
import type { ProcessSample, SessionRef, SessionSample } from '../../model/snapshot.js';
import { readIgnoresHangup, whyToStay } from '../../sources/procfs/to-stay.js';

/** Asked again after so long, and of so many in one look: some 50 µs each. */
const AGAIN_MS = 60_000;
const MAX_ASKED = 64;
/** What just started may not have set its signals yet: Node.js ignores nothing of what it inherited, once it is up. */
const SETTLED_MS = 2_000;

/** Of what dead agent sessions left: which of it was started to stay. */
export class Stayers {
  private known = new Map<string, { stays: boolean; asked_ms: number }>();

  /** By session, as long as it is told of. */
  private agents = new Map<string, { ignores: boolean; asked_ms: number }>();

  constructor(private readonly procRoot: string) {}

  /** The same sessions, those with `ignores_hangup` whose agent does: only while it lives it can be asked. */
  markAgents(sessions: readonly SessionSample[], now_ms: number): readonly SessionSample[] {
    const before = this.agents;
    this.agents = new Map();
    let asked = 0;
    return sessions.map(session => {
      const key = processKey(session);
      let answer = before.get(key);
      const isDue = answer === undefined || now_ms - answer.asked_ms >= AGAIN_MS;
      if (isDue && session.alive && now_ms - session.started_ms >= SETTLED_MS && asked++ < MAX_ASKED) {
        const ignores = orUnknown(() => readIgnoresHangup(this.procRoot, session.pid));
        if (typeof ignores === 'boolean') answer = { ignores, asked_ms: now_ms };
      }
      if (answer !== undefined) this.agents.set(key, answer);
      return answer?.ignores === true ? { ...session, ignores_hangup: true } : session;
    });
  }

  /** The same rows, those with `to_stay` that were. */
  mark(processes: readonly ProcessSample[], now_ms: number): readonly ProcessSample[] {
    const before = this.known;
    if (!processes.some(isLeft)) {
      if (before.size > 0) this.known = new Map();
      return processes;
    }
    this.known = new Map();
    let asked = 0;
    return processes.map(row => {
      if (!isLeft(row)) return row;
      const key = processKey(row);
      let answer = before.get(key);
      if (answer === undefined || now_ms - answer.asked_ms >= AGAIN_MS) {
        if (asked++ >= MAX_ASKED) return row;
        const agent = this.factsOf(row.session!);
        const why = orUnknown(() => whyToStay(this.procRoot, { ...row, ...agent }));
        if (why === 'unknown') return row;
        answer = { stays: why !== null, asked_ms: now_ms };
      }
      this.known.set(key, answer);
      return answer.stays ? { ...row, to_stay: true } : row;
    });
  }

  private factsOf(session: SessionRef) {
    return {
      agent_started_ms: ticksToEpochMs(session.start_ticks),
      agent_cwd: session.cwd,
      agent_ignores_hangup: this.agents.get(processKey(session))?.ignores === true,
    };
  }
}

function isLeft({ session, state }: ProcessSample): boolean {
  return session?.alive === false && state !== 'Z';
}
