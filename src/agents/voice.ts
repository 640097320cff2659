import type { EvidenceSource } from '../model/agent.js';

/** What can tell the state of an agent. */
export const VOICES = [
  'run_state', // stopped by a signal, or not
  'process', // how it was started
  'registry', // its own session file
  'status', // status sequences on its terminal
  'title', // its window title
  'transcript', // its log of the conversation
  'blocked_read', // blocked in read() on its terminal
  'activity', // when it writes to its terminal, when keys arrive
  'children', // the tools that it runs
] as const;
export type VoiceName = (typeof VOICES)[number];

/** What the evidence of each is called for people and on the socket. */
export const EVIDENCE_OF: Record<VoiceName, EvidenceSource> = {
  run_state: 'lifecycle',
  process: 'lifecycle',
  registry: 'registry',
  status: 'osc',
  title: 'osc',
  transcript: 'transcript',
  blocked_read: 'blocked_read',
  activity: 'rhythm',
  children: 'children',
};

/**
 * What a voice can assert. `tool`: a tool was called that has not answered; it runs, or asks for permission.
 * `retrying`: the API refuses for now. `limit`, `auth`, `error`: the turn ended for want of quota, of a login, or in an
 * error of the API. `suspended`: its process is stopped. `done`: the turn is over. `idle`: it does not work; why is not
 * told.
 */
export type Assertion =
  | ('working' | 'tool' | 'retrying')
  | ('approval' | 'question' | 'limit' | 'auth' | 'error' | 'suspended' | 'done' | 'idle');

/** One assertion, and how it was put. */
export interface Statement {
  says: Assertion;
  /** In a few words, for the record: `window title says Ready`. */
  text: string;
}

/**
 * All that the tracker must know of a voice to weigh it: how late it comes, when it is void, what refutes it, what its
 * silence means. Each agent type declares its own, strongest first; nothing else depends on the type. Times are ms.
 */
export interface Voice {
  name: VoiceName;
  /** The agent speaks of itself: believed unless `evidence.self_reported` is off. Else it is seen from outside. */
  self_reported: boolean;
  /** What it can assert; another assertion of it is not heard. */
  asserts: readonly Assertion[];
  /** It follows the truth by as much at most. */
  latency_ms: number;
  void_when: VoidWhen;
  /** How long a new word must have stood before it is believed: words that are taken back at once are none. */
  settles: readonly Settling[];
  /** Which other voices have the say over it, and when. */
  overruled_by: readonly Overruling[];
  /** It says that it waits, and its terminal is drawn for so long without a key: it works. Null: its word stands. */
  drawing_refutes_after_ms: number | null;
  /**
   * It says that it works, no tool runs, and a terminal that is drawn all through work is silent for so long: it does not.
   * For what only follows from its words; null: it says so itself, and silence is nothing against that.
   */
  silence_refutes_after_ms: number | null;
  /**
   * It says that it works, no tool runs, and a terminal that it has drawn on all through its work is silent for so long:
   * its word stands, and it hangs. Null: its silence says nothing.
   */
  hangs_after_ms: number | null;
  /** Which other voice says more exactly what is asked for. */
  refined_by: Refining | null;
  /**
   * What it means that it says nothing; null: nothing. `unspoken`: of an agent whose own words come as soon as it takes
   * input, as long as none has come: then a dialog is open (trust, key, theme, update); null: it is as else.
   After `after_ms`, or `state.wait_threshold_ms`. */
  silence: { says: 'idle'; after_ms: number | null; unspoken: 'question' | null } | null;
  /** Where another voice began to say that the turn is over so soon before, the turn was over then. */
  begins_with: { voice: VoiceName; within_ms: number } | null;
  /** `tool` means that it asks once nothing has run or moved for so long; null: it does not say `tool`. */
  open_call_asks_after_ms: number | null;
  /** While the agent works this voice goes on: its spinner moves, its terminal is drawn. It tells a blip from work. */
  goes_on: boolean;
}

export interface VoidWhen {
  /** Its source is gone for so long; null: what it said last holds. */
  removed_after_ms: number | null;
  /** The turn is over, it says, and has never shown one although there may have been some: then it never shows any. */
  never_worked: boolean;
  /** Another voice began to say this, and so it has not been heard since. */
  said_since: { voice: VoiceName; says: Assertion } | null;
  /** While keys are not seen, where the agent has a transcript: typing looks like work. */
  without_keys: boolean;
}

export interface Settling {
  says: 'working' | 'waiting';
  /** Only while the agent is believed to be in this state, or not to be in it. */
  from: 'WORKING' | 'WAITING' | 'not WORKING';
  after_ms: number;
  /** Enter was pressed shortly before: that explains it. */
  unless_enter: boolean;
  /** After that, what goes on while the agent works must have gone on, too. */
  and_goes_on: boolean;
}

export interface Overruling {
  by: readonly VoiceName[];
  /** `asking`: what waits for its person's answer; an open request is a fact, whatever else is said. */
  saying: 'working' | 'waiting' | 'asking';
  /** Only once it has said so for so long: this voice, as late as it is, would have said the same. */
  after_ms: number;
  /** Only if it began to say so after this voice began to say the contrary. */
  if_later: boolean;
}

export interface Refining {
  by: VoiceName;
  /** `asking`: which of approval and question it is. `idle`: that it asks, where this voice only says that it does not work. */
  what: 'asking' | 'idle';
}

/** True for what ended a turn before its time. */
export function isTrouble(says: Assertion): says is 'limit' | 'auth' | 'error' {
  return says === 'limit' || says === 'auth' || says === 'error';
}

/** True for what an agent does; false for what it does while it waits for its person. */
export function isWork(says: Assertion): boolean {
  return says === 'working' || says === 'tool' || says === 'retrying';
}
