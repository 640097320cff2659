import type { Reason, State } from '../../src/model/agent.js';
import type { AgentKind } from './agent-home.js';

/** One true transition of one session. What the instants mean is written in specs/020-lab.md. */
export interface TruthEntry {
  time_ms: number;
  agent: AgentKind;
  /** The process on the terminal that *is* the session. */
  pid: number;
  state: Exclude<State, 'UNKNOWN'>;
  reason: Reason;
  /** What the instant was read from, e.g. `key Enter`, `hook Stop`. */
  by: string;
  scenario: string;
  /** Of a transition into EXITED. */
  exit_code?: number;
  signal?: string;
}

/** The session's first prompt: read from the screen, so less exact than the others. */
export const FIRST_PROMPT = 'first prompt on the screen';

/**
 * How closely two states are compared: by the state alone, also by what a WAITING agent asks for, or also by what it lacks
 * (`suspended`, `limit`, `auth`, `error`): of that older recordings know nothing.
 */
export type Grain = 'state' | 'kind' | 'reason';

/** In time order, without repetitions of a state (a new reason within a state is not a transition). */
export function transitionsOf(entries: readonly TruthEntry[], grain: Grain = 'kind'): TruthEntry[] {
  const sorted = [...entries].sort((a, b) => a.time_ms - b.time_ms);
  const last = new Map<number, string>();
  return sorted.filter(entry => {
    const state = stateKey(entry.state, entry.reason, grain);
    if (last.get(entry.pid) === state) return false;
    last.set(entry.pid, state);
    return true;
  });
}

/** What counts as one state when truth and reports are compared. */
export function stateKey(state: State, reason: Reason | null, grain: Grain): string {
  return state === 'WAITING' && grain !== 'state' ? `WAITING ${waitKind(reason, grain)}` : state;
}

const REQUESTS: readonly unknown[] = ['approval', 'question'];
const LACKS: readonly unknown[] = ['suspended', 'limit', 'auth', 'error'];

/** `done` and `input` are the same to a person: it is their turn to type. */
function waitKind(reason: Reason | null, grain: Grain): string {
  const isTold = REQUESTS.includes(reason) || (grain === 'reason' && LACKS.includes(reason));
  return isTold ? String(reason) : 'prompt';
}
