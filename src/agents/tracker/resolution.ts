import type { Evidence, Reason, State } from '../../model/agent.js';
import { EVIDENCE_OF, isWork, type VoiceName } from '../voice.js';
import { type Ask, ownAsk, speaks } from './asks.js';
import type { Situation, Speaking } from './situation.js';

/** How one voice fared. */
export interface Weighed {
  voice: VoiceName;
  /**
   * `decides`: the state rests on it. `agrees`: it says the same. `disbelieved`: it says something else. `silent`: it
   * says nothing.
   */
  verdict: 'decides' | 'agrees' | 'disbelieved' | 'silent';
  /** What it says and since when; null: nothing. */
  text: string | null;
  at_ms: number | null;
  /** Why it is believed or not, in words. */
  why: string;
}

/** The state that an agent is in, and why: the one answer, for the transition and for `explain`. */
export interface Resolution {
  state: State;
  reason: Reason | null;
  evidence: Evidence;
  /** The rule that decided, in words. */
  rule: string;
  /** All voices of the agent, strongest first: weighed when they are asked for. */
  readonly voices: readonly Weighed[];
  /** When this must be looked at again although nothing happened; null: never. */
  until_ms: number | null;
}

export const NOT_YET = 'it has not said so for long enough yet';

/** What people call the voices. */
export const NAMES: Record<VoiceName, string> = {
  run_state: 'state of its process',
  process: 'way it was started',
  registry: 'session file',
  status: 'status on its terminal',
  title: 'window title',
  transcript: 'transcript',
  blocked_read: 'read on its terminal',
  activity: 'activity of its terminal',
  children: 'tool that runs',
};

/** What follows from the voice that has the say. */
export interface Verdict {
  /** Null: as before. */
  state: 'WORKING' | 'WAITING' | null;
  ask: Ask;
  /** It works by its own words, and hangs. */
  hangs: boolean;
  rule: string;
  evidence: Evidence;
  until_ms: number | null;
  /** What decided; null: nothing did. */
  by: VoiceName | null;
  /** Why the voice that was heard is not believed; null: it is. */
  against: string | null;
}

/** How a voice fared, next to the one that has the say (`heard`) and those that were overruled. */
export function weigh(
  one: Speaking,
  { state, by, against, rule }: Verdict,
  heard: Speaking | null,
  overruled: ReadonlyMap<VoiceName, string>,
  situation: Situation,
): Weighed {
  const { known, now_ms } = situation;
  const { name } = one.voice;
  const clear = one.clear_ms === null || now_ms >= one.clear_ms;
  const said = { text: one.statement?.text ?? null, at_ms: one.statement?.at_ms ?? null };
  const as = (verdict: Weighed['verdict'], why: string): Weighed => ({ voice: name, verdict, ...said, why });
  if (by === name) return as('decides', rule);
  if (one.void !== null) return as('disbelieved', one.void);
  if (!speaks(one)) return as('silent', 'it has said nothing');
  if (!clear) return { voice: name, verdict: 'silent', text: null, at_ms: null, why: NOT_YET };
  const refusal = one === heard ? against : overruled.get(name);
  if (refusal) return as('disbelieved', refusal);
  const works = isWork(one.statement.says) && ownAsk(one, situation) === null;
  if (works === ((state ?? known.state) === 'WORKING')) return as('agrees', 'it says the same');
  return as('disbelieved', `the ${NAMES[by ?? heard?.voice.name ?? name]} has the say`);
}

type Rule = (situation: Situation) => string;

function ownWord(name: VoiceName): { working: Rule; waiting: Rule } {
  const rule = () => `the agent's own word (${EVIDENCE_OF[name]}) decides`;
  return { working: rule, waiting: rule };
}

const RUNS_A_TOOL = 'a silent agent whose tool runs is working';

/** The rules by which a voice that is believed decides. */
export const RULES: Record<VoiceName, { working: Rule; waiting: Rule }> = {
  run_state: {
    working: () => 'a stopped process does nothing',
    waiting: () => 'a stopped process does nothing',
  },
  process: {
    working: ({ tools_since_ms }) =>
      tools_since_ms.length > 0 ? RUNS_A_TOOL : 'non-interactive runs never wait for a person',
    waiting: () => 'a conversation of which nothing is known waits for its person',
  },
  registry: ownWord('registry'),
  status: ownWord('status'),
  title: ownWord('title'),
  transcript: ownWord('transcript'),
  blocked_read: {
    working: () => 'a program that reads line by line works when it does not read',
    waiting: ({ options }) => `blocked in read() for ${options.wait_threshold_ms} ms`,
  },
  activity: { working: () => 'unprompted output is work', waiting: () => 'silence is waiting' },
  children: {
    working: () => RUNS_A_TOOL,
    waiting: () => RUNS_A_TOOL,
  },
};
