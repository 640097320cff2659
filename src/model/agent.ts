/** The vocabulary of agent state: what `vigil agents` and `vigil events` speak of. */

export type State = 'UNKNOWN' | 'WORKING' | 'WAITING' | 'EXITED';

export type WorkingReason = 'thinking' | 'tool' | 'stalled';
export type WaitingReason = 'approval' | 'question' | 'done' | 'input';
export type ExitReason = 'exit' | 'signal' | 'oom';
export type Reason = WorkingReason | WaitingReason | ExitReason;

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
