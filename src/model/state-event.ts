import { constants } from 'node:os';
import { iso } from '../lib/time/time.js';
import type { Ending, Evidence, Reason, State, Transition } from './agent.js';

/** A change of an agent's state in the form in which the socket, the command line and recordings show it. */

export interface EvidenceReport {
  source: Evidence['source'];
  text: string;
  /** ISO 8601 in UTC. */
  time: string;
}

/** One line of `vigil events --json`. */
export interface AgentStateEvent {
  type: 'agent_state';
  time: string;
  pid: number;
  /** Which conversation, of a process that may hold several; else absent. */
  session_id?: string;
  agent: string;
  from: State;
  to: State;
  reason: Reason | null;
  evidence: EvidenceReport;
  exit_code?: number | null;
  /** e.g. `SIGKILL` */
  signal?: string | null;
  signal_sender?: { pid: number; comm: string } | null;
  tty: string | null;
  cwd: string | null;
}

/** Some have two names; the usual one comes first: SIGABRT before SIGIOT. */
const SIGNALS = new Map(
  Object.entries(constants.signals)
    .map(([name, number]) => [number, name] as const)
    .reverse(),
);

function signalName(signal: number | null): string | null {
  return signal === null ? null : (SIGNALS.get(signal as never) ?? `SIG${signal}`);
}

export function evidenceReport(evidence: Evidence): EvidenceReport {
  return { source: evidence.source, text: evidence.text, time: iso(evidence.time_ms) };
}

/** How a process ended, in fields of a report: only for those that have. */
export function endingFields(ending: Ending) {
  return { exit_code: ending.code, signal: signalName(ending.signal), signal_sender: ending.sender };
}

export function stateEvent(transition: Transition): AgentStateEvent {
  return {
    type: 'agent_state',
    time: iso(transition.time_ms),
    pid: transition.pid,
    ...(transition.conversation === undefined ? {} : { session_id: transition.conversation }),
    agent: transition.agent,
    from: transition.from,
    to: transition.to,
    reason: transition.reason,
    evidence: evidenceReport(transition.evidence),
    ...(transition.ending === null ? {} : endingFields(transition.ending)),
    tty: transition.tty,
    cwd: transition.cwd,
  };
}
