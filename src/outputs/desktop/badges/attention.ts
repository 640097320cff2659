import { concernOf, isRequest } from '../../../model/agent.js';
import { type HelperAgent, idOf } from '../protocol.js';

interface Memory {
  /** Identity of the stop that was last counted. */
  stop: string | null;
  stopped_ms: number;
  unseen: number;
  /** The request was looked at but not answered. */
  looked: boolean;
  /** The quota that it is out of, by when it is there again: the same one however often it tries. */
  resets_at_ms: number | null;
}

/** Trouble that nobody looked at is an emergency for so long: it may be that nobody can be seen looking. */
export const NEWS_MS = 10 * 60_000;
/** A stop younger than this is not yet seen by a focus: the person was faster than the news. */
export const SEEN_AFTER_MS = 1_000;

/** How often each agent stopped (or got into trouble) since its person last looked. Pure but for its memory. */
export class Attention {
  private readonly memory = new Map<number, Memory>();

  /** Takes in the present agents; forgets all others. */
  update(agents: readonly HelperAgent[], now_ms: number): void {
    const ids = new Set(agents.map(idOf));
    for (const id of this.memory.keys()) if (!ids.has(id)) this.memory.delete(id);
    for (const agent of agents) {
      const memory = this.memory.get(idOf(agent)) ?? newMemory();
      this.memory.set(idOf(agent), memory);
      const stop =
        concernOf(agent.reason) !== null || (agent.state === 'WAITING' && agent.reason === 'done')
          ? `${agent.reason} ${agent.since_ms}`
          : null;
      if (stop === memory.stop) continue;
      memory.stop = stop;
      memory.looked = false;
      if (stop === null || isSameLimit(memory, agent)) continue;
      memory.resets_at_ms = agent.reason === 'limit' ? agent.resets_at_ms : null;
      memory.stopped_ms = now_ms;
      memory.unseen++;
    }
  }

  /** `id`: see idOf. */
  unseen(id: number): number {
    return this.memory.get(id)?.unseen ?? 0;
  }

  /** Until when its trouble is news; null: its person has looked, or there is none. */
  newsUntil(id: number): number | null {
    const memory = this.memory.get(id);
    return memory === undefined || memory.unseen === 0 ? null : memory.stopped_ms + NEWS_MS;
  }

  /**
   * The person looks at the agent. Answers null when that counts, else when it will.
   */
  look(agent: HelperAgent, now_ms: number): number | null {
    const memory = this.memory.get(idOf(agent));
    if (memory === undefined || memory.unseen === 0) return null;
    const due_ms = memory.stopped_ms + SEEN_AFTER_MS;
    if (memory.stop !== null && now_ms < due_ms) return due_ms;
    memory.unseen = 0;
    memory.looked = isRequest(agent.reason);
    return null;
  }

  /** The person looks elsewhere: a request that still has no answer is news again. */
  lookAway(agent: HelperAgent): void {
    const memory = this.memory.get(idOf(agent));
    if (memory === undefined || !memory.looked || !isRequest(agent.reason)) return;
    memory.looked = false;
    memory.unseen = 1;
  }
}

function newMemory(): Memory {
  return { stop: null, stopped_ms: 0, unseen: 0, looked: false, resets_at_ms: null };
}

function isSameLimit(memory: Memory, { reason, resets_at_ms }: HelperAgent): boolean {
  return reason === 'limit' && resets_at_ms !== null && resets_at_ms === memory.resets_at_ms;
}
