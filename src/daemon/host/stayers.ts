import { ticksToEpochMs } from '../../lib/os/boot.js';
import { processKey } from '../../lib/process/identity.js';
import type { ProcessSample } from '../../model/snapshot.js';
import { whyToStay } from '../../sources/procfs/to-stay.js';

/** Asked again after so long, and of so many in one look: some 50 µs each. */
const AGAIN_MS = 60_000;
const MAX_ASKED = 64;

/** Of what dead agent sessions left: which of it was started to stay. */
export class Stayers {
  private known = new Map<string, { stays: boolean; asked_ms: number }>();

  constructor(private readonly procRoot: string) {}

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
        const { start_ticks, cwd: agent_cwd } = row.session!;
        const agent = { agent_started_ms: ticksToEpochMs(start_ticks), agent_cwd };
        answer = { stays: whyToStay(this.procRoot, { ...row, ...agent }) !== null, asked_ms: now_ms };
      }
      this.known.set(key, answer);
      return answer.stays ? { ...row, to_stay: true } : row;
    });
  }
}

function isLeft({ session, state }: ProcessSample): boolean {
  return session?.alive === false && state !== 'Z';
}
