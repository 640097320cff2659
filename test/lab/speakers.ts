import { AGENT_TYPES } from '../../src/agents/types/index.js';
import type { Observation } from '../../src/model/observation.js';
import type { TruthEntry } from './truth.js';

/**
 * The sessions (pids) of a recording that tell themselves what they wait for: by titles or status sequences, or by files that
 * were read at the time. Of the others nobody can know: a recording from before vigil read an agent's files has none of them.
 */
export function speakers(observations: readonly Observation[], truth: readonly TruthEntry[]): Set<number> {
  const files = new Set(
    observations.flatMap(one => (one.type === 'registry' || one.type === 'transcript' ? [one.pid] : [])),
  );
  const speaks = ({ pid, agent }: TruthEntry): boolean => files.has(pid) || hasWordsOnTerminal(agent);
  return new Set(truth.filter(speaks).map(({ pid }) => pid));
}

function hasWordsOnTerminal(agent: string): boolean {
  const type = AGENT_TYPES.find(({ name }) => name === agent);
  return type?.voices.some(({ name }) => name === 'title' || name === 'status') === true;
}
