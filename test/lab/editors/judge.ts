import type { Reason, State } from '../../../src/model/agent.js';
import type { Told } from './editor.js';

/** What was said of the conversation in a folder. */
export interface Said {
  time_ms: number;
  cwd: string | null;
  state: State;
  reason: Reason | null;
}

const TRUE: Partial<Record<Told['what'], string>> = {
  working: 'WORKING',
  asks: 'WAITING approval',
  answered: 'WORKING',
  done: 'WAITING done',
};

/** What was true of a conversation, one after the other. */
export function truthOf(told: readonly Told[], of: number, cwds: readonly string[]): string[] {
  const all = told.filter(one => one.of === of).flatMap(({ what }) => TRUE[what] ?? []);
  return cwds.length > of ? [...all, 'EXITED'] : all;
}

/** What was said of it. That it waits for its first prompt is neither true nor false: Codex says so, others do not. */
export function saidOf(said: readonly Said[], cwd: string): string[] {
  const words = said.filter(one => one.cwd === cwd && one.state !== 'UNKNOWN' && one.reason !== 'input');
  const states = words.map(({ state, reason }) => (state === 'WAITING' ? `${state} ${reason}` : state));
  return states.filter((state, i) => state !== states[i - 1]);
}

/** How long after the truth the same was said, ms, in order; both are the same sequence. */
export function delays(told: readonly Told[], of: number, said: readonly Said[], cwd: string): number[] {
  const truth = told.filter(one => one.of === of && TRUE[one.what] !== undefined);
  const words = said.filter(one => one.cwd === cwd && one.state !== 'UNKNOWN' && one.reason !== 'input');
  const firsts = words.filter((one, i) => i === 0 || one.state !== words[i - 1]?.state);
  return truth.map(({ time_ms }, i) => Math.round((firsts[i]?.time_ms ?? Number.NaN) - time_ms));
}
