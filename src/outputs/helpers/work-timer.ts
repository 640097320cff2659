import { isRequest, type Transition } from '../../model/agent.js';

interface Turn {
  worked_ms: number;
  working_since_ms: number | null;
}

/**
 * How long each agent has worked in its present turn, or worked in the last one: the sum of its WORKING
 * stretches since it last waited for a prompt. Time at a permission prompt is not work.
 */
export class WorkTimer {
  private readonly turns = new Map<number, Turn>();

  take({ pid, id = pid, from, to, reason, time_ms }: Transition): void {
    const turn = this.turns.get(id) ?? { worked_ms: 0, working_since_ms: null };
    if (turn.working_since_ms !== null && to !== 'WORKING') {
      turn.worked_ms += Math.max(0, time_ms - turn.working_since_ms);
      turn.working_since_ms = null;
    } else if (to === 'WORKING' && from !== 'WORKING') {
      if (!this.answered.has(id)) turn.worked_ms = 0;
      turn.working_since_ms = time_ms;
    }
    if (to === 'WAITING' && isRequest(reason)) this.answered.add(id);
    else if (to !== 'WORKING') this.answered.delete(id);
    this.turns.set(id, turn);
  }

  /** The machine slept: nobody worked meanwhile. */
  slept(slept_ms: number): void {
    for (const turn of this.turns.values())
      if (turn.working_since_ms !== null) turn.working_since_ms += slept_ms;
  }

  /** `id`: see Session. */
  worked(id: number, now_ms: number): number {
    const turn = this.turns.get(id);
    if (turn === undefined) return 0;
    const running = turn.working_since_ms === null ? 0 : Math.max(0, now_ms - turn.working_since_ms);
    return turn.worked_ms + running;
  }

  forgetAllBut(ids: ReadonlySet<number>): void {
    for (const id of this.turns.keys()) if (!ids.has(id)) this.turns.delete(id);
    for (const id of this.answered) if (!ids.has(id)) this.answered.delete(id);
  }

  /** Agents in the middle of a turn: what comes after a request belongs to the same one. */
  private readonly answered = new Set<number>();
}
