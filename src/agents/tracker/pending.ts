import type { ProcessFacts } from '../../model/observation.js';
import type { AgentType } from '../agent-type.js';

/** A wrapper whose agent has not appeared yet, or has ended and may be started again. */
export interface Pending {
  type: AgentType;
  command: string;
  uid: number;
  /** With the pid, which process it is; null: it was only seen to be made. */
  start_ticks: number | null;
  /** When it was known to be there: a process that started later is another. */
  seen_ms: number;
  /** Since when it was known as one, if it had a session already; by its name alone it can be the agent. */
  since_ms: number | null;
}

/** A process that is known, though part of no session. */
export interface Unattached {
  pid: number;
  start_ticks: number | null;
  seen_ms: number;
}

/** So many of each are known, and so many of one user; nobody has so many. */
const MAX_PENDING = 1_000;
const MAX_PENDING_OF_USER = 100;
/** Command lines can hold a whole prompt. */
const MAX_COMMAND = 4_096;
/** A wrapper that has not started its agent by then will not (npx downloads it first). */
export const PENDING_MS = 15 * 60_000;

/** A start time is counted in ticks of 10 ms, and from a boot time that was rounded; no pid is reused so soon. */
const CLOCKS_AGREE_MS = 1_000;

/** Processes by pid, the oldest first: so many in all, and so many of one user. */
export class PendingProcesses extends Map<number, Pending> {
  add(pid: number, pending: Pending, time_ms: number): void {
    const before = this.get(pid);
    const isKnown = before !== undefined && before.start_ticks === pending.start_ticks;
    this.delete(pid);
    this.set(pid, isKnown ? { ...pending, seen_ms: Math.min(before.seen_ms, time_ms) } : pending);
    if (this.size > MAX_PENDING_OF_USER)
      this.dropOldest(({ uid }) => uid === pending.uid, MAX_PENDING_OF_USER);
    if (this.size > MAX_PENDING) this.dropOldest(() => true, MAX_PENDING);
  }

  private dropOldest(which: (pending: Pending) => boolean, keep: number): void {
    const some = [...this].filter(([, pending]) => which(pending));
    for (const [pid] of some.slice(0, Math.max(0, some.length - keep))) this.delete(pid);
  }
}

/** False for another process that was given the pid since. */
export function isAsOldAs(process: ProcessFacts, known_since_ms: number): boolean {
  return process.started_ms <= known_since_ms + CLOCKS_AGREE_MS;
}

export function newPending(type: AgentType, process: ProcessFacts, time_ms: number): Pending {
  const command = process.argv.join(' ').slice(0, MAX_COMMAND);
  const { uid, start_ticks } = process;
  return { type, command, uid, start_ticks, seen_ms: time_ms, since_ms: null };
}

/** Whether that is the process which was known: by its start, or because it was there already when it was seen. */
export function isSame(
  { start_ticks, seen_ms }: Omit<Unattached, 'pid'>,
  ticks: number,
  started_ms: number,
): boolean {
  return start_ticks === null ? started_ms <= seen_ms + CLOCKS_AGREE_MS : start_ticks === ticks;
}

/** One that was an agent's already may start it again at any time. */
export function isYoung({ since_ms, seen_ms }: Pending, time_ms: number): boolean {
  return since_ms !== null || time_ms - seen_ms < PENDING_MS;
}
