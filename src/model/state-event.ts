import { constants } from 'node:os';
import type { AgentReport, AgentStateEvent } from '../api/contract.js';
import { iso } from '../lib/time/time.js';
import type { Ending, Evidence, Transition } from './agent.js';

/** A change of state in the form in which the socket, the command line and recordings show it. */

/** Some have two names; the usual one comes first: SIGABRT before SIGIOT. */
const SIGNALS = new Map(
  Object.entries(constants.signals)
    .map(([name, number]) => [number, name] as const)
    .reverse(),
);

function signalName(signal: number | null): string | null {
  return signal === null ? null : (SIGNALS.get(signal as never) ?? `SIG${signal}`);
}

export function evidenceReport(evidence: Evidence): AgentReport['evidence'] {
  return { source: evidence.source, text: evidence.text, time: iso(evidence.time_ms) };
}

export function endingFields(ending: Ending) {
  return { exit_code: ending.code, signal: signalName(ending.signal), signal_sender: ending.sender };
}

export function stateEvent(transition: Transition): AgentStateEvent {
  return {
    type: 'agent_state',
    time: iso(transition.time_ms),
    pid: transition.pid,
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
