/** The vocabulary of agent state: what `vigil agents` and `vigil events` speak of. */

export const STATES = ['UNKNOWN', 'WORKING', 'WAITING', 'EXITED'] as const;
export type State = (typeof STATES)[number];

export const WORKING_REASONS = [
  'thinking',
  'tool', // a tool of this turn runs
  'retrying', // the API refuses for now, and it tries again
  'hung', // busy by its own words, but it neither draws nor reads for longer than its kind ever does
  'stalled', // no sign of progress for a long time
] as const;
export const WAITING_REASONS = [
  'approval',
  'question',
  'limit', // its quota is used up
  'auth', // its person has to log in
  'error', // the turn ended in an error of the API
  'suspended', // Ctrl-Z or SIGSTOP: it goes on with `fg`
  'done',
  'input',
] as const;
export const EXIT_REASONS = ['exit', 'signal', 'oom'] as const;
export const REASONS = [...WORKING_REASONS, ...WAITING_REASONS, ...EXIT_REASONS] as const;
export type WorkingReason = (typeof WORKING_REASONS)[number];
export type WaitingReason = (typeof WAITING_REASONS)[number];
export type ExitReason = (typeof EXIT_REASONS)[number];
export type Reason = WorkingReason | WaitingReason | ExitReason;

/** What a reason means to the agent's person: `request`: it goes on when he answers; `trouble`: it does not go on by itself. */
export type Concern = 'request' | 'trouble' | null;
const CONCERNS: Partial<Record<Reason, Exclude<Concern, null>>> = {
  ...{ approval: 'request', question: 'request' },
  ...{ auth: 'trouble', limit: 'trouble', error: 'trouble', hung: 'trouble', stalled: 'trouble' },
};

/** What a reason means to the agent's person; null: nothing beyond the state. */
export function concernOf(reason: Reason | null): Concern {
  return reason === null ? null : (CONCERNS[reason] ?? null);
}

/** It asks its person for something, and goes on when it is answered. */
export function isRequest(reason: Reason | null): reason is 'approval' | 'question' {
  return concernOf(reason) === 'request';
}

/**
 * Where the person of a session sits: at its terminal; in a program that talks with it over pipes or a socket (an editor, an
 * application on the agent's SDK); nowhere, it runs to its end alone.
 */
export const MODES = ['terminal', 'conversation', 'batch'] as const;
export type Mode = (typeof MODES)[number];

/** Where a belief about a state comes from, strongest first. */
export const EVIDENCE_SOURCES = [
  'lifecycle', // exec, exit, OOM from the kernel
  'registry', // the agent's own session file
  'osc', // the agent's own words on its terminal
  'transcript', // the agent's log of the conversation
  'rhythm', // how it writes to its terminal, what the person types
  'blocked_read', // blocked in read() on its terminal
  'children', // its tool processes, CPU and I/O
  'procfs', // scans of /proc
] as const;
export type EvidenceSource = (typeof EVIDENCE_SOURCES)[number];

/** One thing on record about an agent, in words. Times are ms since the epoch. */
export interface Evidence {
  source: EvidenceSource;
  /** e.g. `registry says waiting: permission prompt`. Already free of control characters. */
  text: string;
  time_ms: number;
}

/** How an agent ended. */
export interface Ending {
  code: number | null;
  signal: number | null;
  sender: { pid: number; comm: string } | null;
}

/** A change of state (or of the reason within a state) of one agent session. */
export interface Transition {
  time_ms: number;
  pid: number;
  /** Names the session where the pid does not: of a further conversation in one process. */
  id?: number;
  /** Which conversation, of a process that may hold several, as its agent names it. */
  conversation?: string;
  agent: string;
  from: State;
  to: State;
  reason: Reason | null;
  evidence: Evidence;
  ending: Ending | null;
  tty: string | null;
  cwd: string | null;
}

/** A change of state, and whose agent it is: others do not get to see it. */
export interface AgentTransition {
  transition: Transition;
  uid: number;
}
