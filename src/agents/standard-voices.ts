import type { Overruling, Settling, Voice } from './voice.js';

/**
 * The voices as most agents have them, with the figures that were measured (specs/011). An agent type takes those that it
 * has and changes what is different: `title({ goes_on: false })`.
 */

/** With a prompt queued, an agent is idle for 10 ms between two turns: that is one stretch of work. */
const SETTLED_MS = 40;
/** Codex says for a moment that it works while it starts and after a request was rejected. */
const BLIP_MS = 150;
/** A rejected request is first written down as answered, and only then as the end of the turn. */
const TRANSCRIPT_SETTLED_MS = 100;
/** What it asks is in the transcript so soon after the session file says that it asks. */
const TRANSCRIPT_LATENCY_MS = 110;
/** A terminal that says idle while the file says busy is right when the file stays so for this long. */
const FILE_IS_LATE_MS = 300;
/** The transcript cannot tell a running tool from a request for permission; this long without work can. */
const ASKS_AFTER_MS = 600;
const DRAWING_REFUTES_MS = 5_000;
/** Who draws all through its work, and falls silent for so long, hangs. */
const HANGS_AFTER_MS = 15_000;
/** An agent takes its session file away when it ends, and moves a log for a moment; one that lives on so long after that has lost it. */
const FILE_GONE_MS = 1_000;
/** The end of a turn that the transcript has told for so long was missed on the terminal. */
const WORD_MISSED_MS = 1_000;
/** A command that ends sooner is not worth a word: agents run many to look around. */
export const TOOL_SHOWN_MS = 100;

const SILENT: Omit<Voice, 'name' | 'asserts'> = {
  self_reported: false,
  latency_ms: 0,
  void_when: { removed_after_ms: null, never_worked: false, said_since: null, without_keys: false },
  settles: [],
  overruled_by: [],
  drawing_refutes_after_ms: null,
  silence_refutes_after_ms: null,
  hangs_after_ms: null,
  refined_by: null,
  silence: null,
  begins_with: null,
  open_call_asks_after_ms: null,
  goes_on: false,
};

const END_SETTLES: Settling = {
  ...{ says: 'waiting', from: 'WORKING', after_ms: SETTLED_MS },
  ...{ unless_enter: false, and_goes_on: false },
};
const NO_BLIP: Settling = {
  ...{ says: 'working', from: 'not WORKING', after_ms: BLIP_MS },
  ...{ unless_enter: true, and_goes_on: true },
};

/** Of the agent's own words. */
const REFUTED = { drawing_refutes_after_ms: DRAWING_REFUTES_MS, hangs_after_ms: HANGS_AFTER_MS };

/** Whether its process is stopped (Ctrl-Z, SIGSTOP): a fact, and stronger than any word. */
export const RUN_STATE: Voice = { ...SILENT, name: 'run_state', asserts: ['suspended'] };

/** How it was started: a run without a person never waits for one. The strongest voice of every type. */
export const PROCESS: Voice = { ...SILENT, name: 'process', asserts: ['working', 'idle'] };

/** A session file that the agent keeps up to date. */
export function registry(own: Partial<Voice> = {}): Voice {
  const by: Overruling['by'] = ['status', 'title'];
  return {
    ...SILENT,
    name: 'registry',
    self_reported: true,
    asserts: ['working', 'approval', 'question', 'idle'],
    latency_ms: FILE_IS_LATE_MS,
    void_when: { ...SILENT.void_when, removed_after_ms: FILE_GONE_MS },
    settles: [END_SETTLES],
    overruled_by: [
      { by, saying: 'working', after_ms: 0, if_later: true },
      { by, saying: 'waiting', after_ms: FILE_IS_LATE_MS, if_later: true },
      { by: ['transcript'], saying: 'asking', after_ms: 0, if_later: true },
    ],
    ...REFUTED,
    refined_by: { by: 'transcript', what: 'asking' },
    begins_with: { voice: 'title', within_ms: SETTLED_MS },
    ...own,
  };
}

/** Status sequences on the terminal. Where the title says the contrary later, one of them was missed. */
export function status(own: Partial<Voice> = {}): Voice {
  return {
    ...SILENT,
    name: 'status',
    self_reported: true,
    asserts: ['working', 'approval', 'question', 'error', 'done', 'idle'],
    latency_ms: 30,
    void_when: { ...SILENT.void_when, said_since: { voice: 'title', says: 'working' } },
    settles: [NO_BLIP, END_SETTLES],
    overruled_by: [
      { by: ['title'], saying: 'working', after_ms: 0, if_later: true },
      { by: ['title'], saying: 'waiting', after_ms: 0, if_later: true },
      { by: ['transcript'], saying: 'waiting', after_ms: WORD_MISSED_MS, if_later: true },
    ],
    ...REFUTED,
    ...own,
  };
}

/** The window title. `goes_on`: its spinner moves while the agent works; else it is set once for each state. */
export function title(own: Partial<Voice> = {}): Voice {
  return {
    ...SILENT,
    name: 'title',
    self_reported: true,
    asserts: ['working', 'approval', 'question', 'done', 'idle'],
    latency_ms: 30,
    settles: [NO_BLIP, END_SETTLES],
    ...REFUTED,
    refined_by: { by: 'transcript', what: 'idle' },
    goes_on: true,
    ...own,
  };
}

/** The log of the conversation. It knows what is asked. */
export function transcript(own: Partial<Voice> = {}): Voice {
  return {
    ...SILENT,
    name: 'transcript',
    self_reported: true,
    asserts: ['working', 'tool', 'retrying', 'approval', 'question', 'limit', 'auth', 'error', 'done'],
    latency_ms: TRANSCRIPT_LATENCY_MS,
    void_when: { ...SILENT.void_when, removed_after_ms: FILE_GONE_MS },
    settles: [
      {
        ...NO_BLIP,
        from: 'WAITING',
        after_ms: TRANSCRIPT_SETTLED_MS,
        unless_enter: false,
        and_goes_on: false,
      },
      END_SETTLES,
    ],
    ...REFUTED,
    open_call_asks_after_ms: ASKS_AFTER_MS,
    ...own,
  };
}

/** Of agents that read line by line: who was seen blocked once is judged by it alone. */
export function blockedRead(own: Partial<Voice> = {}): Voice {
  return { ...SILENT, name: 'blocked_read', asserts: ['working', 'idle'], ...own };
}

/** `goes_on`: it draws without a pause for as long as it works, also while it thinks or a tool runs. */
export function activity(own: Partial<Voice> = {}): Voice {
  return {
    ...SILENT,
    name: 'activity',
    asserts: ['working', 'idle'],
    void_when: { ...SILENT.void_when, without_keys: true },
    overruled_by: [{ by: ['children'], saying: 'working', after_ms: 0, if_later: false }],
    silence: { says: 'idle', after_ms: null, unspoken: null },
    ...own,
  };
}

/** A tool that runs is work, however silent. Agents also ask git and others about their surroundings. */
export function children(own: Partial<Voice> = {}): Voice {
  const settles: Settling = {
    ...{ says: 'working', from: 'not WORKING', after_ms: TOOL_SHOWN_MS },
    ...{ unless_enter: false, and_goes_on: false },
  };
  return { ...SILENT, name: 'children', asserts: ['working'], settles: [settles], ...own };
}

/** What is known of an agent that tells nothing itself and may be silent while it works. */
export const SEEN_FROM_OUTSIDE: readonly Voice[] = [blockedRead(), activity(), children()];
