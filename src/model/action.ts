import type { ProcessRef, SessionRef } from './snapshot.js';

/** The vocabulary of actions: what is proposed, what is decided, what was done. Plain data. */

export const ACTION_TYPES = [
  'kill_process',
  'kill_group',
  'restart_service',
  'renice',
  'free_cache',
  'custom',
] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

/** From harmless to harmful. */
export const RISKS = ['safe', 'moderate', 'dangerous'] as const;
export type Risk = (typeof RISKS)[number];

export function worseRisk(a: Risk, b: Risk): Risk {
  return RISKS.indexOf(a) >= RISKS.indexOf(b) ? a : b;
}

export type Mode = 'observe' | 'suggest' | 'auto';

/** Which processes go together with the one that is named. */
export type Scope = 'process' | 'group' | 'tree' | 'cgroup';

/** Who wants it: the daemon by its own rules, or somebody at the socket. */
export type Requester =
  | { kind: 'auto' }
  | (Person & {
      kind: 'person';
      /** The process that the person typed: the only way to end a live agent. */
      named_pid: number | null;
    });

/** A peer at the socket, as the kernel knows it. */
export interface Person {
  uid: number;
  gid: number;
  groups: readonly number[];
}

/** One thing to do. `command` and `explanation` are only ever shown; nothing in them is executed. */
export interface ActionProposal {
  type: ActionType;
  /** A pid in decimal digits, or the name of a service. */
  target: string;
  /** For kill_process and kill_group; without it that process alone, or its process group. */
  scope?: Scope | undefined;
  /** SIGKILL at once. */
  force?: boolean | undefined;
  /** What a model thinks. It can raise the risk, never lower it. */
  risk?: Risk | undefined;
  command?: string | undefined;
  explanation?: string | undefined;
}

/** What vigil would do, made by vigil alone. */
export type Step =
  | {
      kind: 'terminate';
      scope: Scope;
      /** The one that was named, its process group and its cgroup: what joins them meanwhile is meant too. */
      root: ProcessRef;
      pgid: number;
      cgroup: string | null;
      targets: readonly ProcessRef[];
      /** SIGKILL at once. */
      force: boolean;
    }
  | { kind: 'renice'; target: ProcessRef; nice: number }
  | { kind: 'restart_service'; unit: string; argv: readonly string[] };

export interface Verdict {
  /** May be executed for this requester, now. */
  allowed: boolean;
  risk: Risk;
  /** Why (not), in plain words, free of control characters. */
  reason: string;
  /** Empty unless allowed, or only forbidden to `auto`. */
  steps: readonly Step[];
}

/** Proposals of one kind with vigil's judgement, as they are shown, offered and executed. */
export interface ActionPlan {
  id: number;
  alert_id: number | null;
  rule: string | null;
  time_ms: number;
  type: ActionType;
  /** One for each target; empty: there is nothing that vigil could do, `text` says what a person can. */
  proposals: readonly ActionProposal[];
  /** For `auto`: `allowed` means that vigil does it by itself. */
  verdict: Verdict;
  /** For a person to copy; null: there is nothing to run. */
  command: string | null;
  /** What to do in words, free of control characters. */
  text: string;
}

/** What became of one process. */
export type Fate =
  | 'gone_before' // ended before anything was sent, or its pid belongs to another now
  | 'terminated' // gone after SIGTERM
  | 'killed' // gone after SIGKILL
  | 'zombie' // dead, but its parent does not collect it
  | 'blocked' // SIGKILL is pending: it hangs in the kernel (state D)
  | 'survived' // still there: it may not be signalled, or it takes long
  | 'spared' // not signalled: it changed owner meanwhile
  | 'dry_run';

export interface ProcessOutcome {
  process: ProcessRef;
  fate: Fate;
  /** SIGTERM, SIGKILL, in the order in which they were sent. */
  signals: readonly string[];
  /** From the first signal until it was seen gone. */
  took_ms: number | null;
  /** e.g. `its pid belongs to another process now`; free of control characters. */
  note: string | null;
}

/** Totals over the targets. */
export interface Facts {
  processes: number;
  rss_bytes: number;
}

export interface ActionRecord {
  time_ms: number;
  alert_id: number | null;
  rule: string | null;
  requester: Requester;
  mode: Mode;
  dry_run: boolean;
  type: ActionType;
  risk: Risk;
  reason: string;
  /** What is done, for people; free of control characters. */
  text: string;
  steps: readonly Step[];
  /** What it rests on, in words. */
  evidence: readonly string[];
  session: SessionRef | null;
  before: Facts;
}

export interface ActionResult {
  time_ms: number;
  outcome: 'done' | 'partly' | 'failed' | 'refused' | 'dry_run';
  processes: readonly ProcessOutcome[];
  /** Null where nothing was touched. */
  after: Facts | null;
  /** One line, free of control characters. */
  message: string;
}

/**
 * Where actions are written down. `begin` resolves with a number for the record once it is safe on disk; if
 * it fails, nothing is done.
 */
export interface AuditLog {
  begin(record: ActionRecord): Promise<number>;
  finish(id: number, result: ActionResult): Promise<void>;
}

/** An action that has ended, as it was begun and what became of it. */
export interface FinishedAction {
  /** Its number in the record. */
  id: number;
  record: ActionRecord;
  result: ActionResult;
}

/** What an action is meant for. */
export type ActionTarget =
  | { kind: 'processes'; processes: readonly ProcessRef[] }
  | { kind: 'unit'; unit: string }
  | { kind: 'host' };

/** An action that a diagnosis proposes, its target resolved to what stood in the question. It does nothing by itself. */
export interface DiagnosedAction {
  type: ActionType;
  target: ActionTarget;
  /** The model's opinion: vigil's policy can only find it worse. */
  risk: Risk;
  explanation: string;
  /** The model's words, to be shown at most (`printable()` first). Never run, never parsed. */
  command: string;
}
