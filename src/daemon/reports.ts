import { constants } from 'node:os';
import type { Evidence, Transition } from '../agents/model.js';
import type { Decision } from '../agents/tracker/decide.js';
import { backgroundCount, type Session } from '../agents/tracker/session.js';
import type { AgentReport, AgentStateEvent, ExplainReport } from '../api/contract.js';
import { ticksToEpochMs } from '../proc/boot.js';
import type { UsageMeter } from '../proc/usage.js';
import type { Users } from '../proc/users.js';
import { iso, now } from './time.js';

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
/** Command lines can hold a whole prompt. */
const MAX_COMMAND = 4096;

function signalName(signal: number | null): string | null {
  return signal === null ? null : (SIGNALS.get(signal as never) ?? `SIG${signal}`);
}

function evidenceOf(evidence: Evidence): AgentReport['evidence'] {
  return { source: evidence.source, text: evidence.text, time: iso(evidence.time_ms) };
}

export function agentReport(session: Session, users: Users, meter: UsageMeter): AgentReport {
  const alive = session.ending === null ? [...session.members.keys()] : [];
  const usage = meter.measure(alive, now(), ticksToEpochMs);
  const report: AgentReport = {
    pid: session.pid,
    agent: session.kind.name,
    state: session.state,
    reason: session.reason,
    since: iso(session.since_ms),
    evidence: evidenceOf(session.evidence),
    interactive: session.interactive,
    background: backgroundCount(session),
    uid: session.uid,
    user: users.name(session.uid),
    tty: session.tty,
    cwd: session.cwd,
    title: session.title,
    session_id: session.session_id,
    command: session.command.slice(0, MAX_COMMAND),
    started: iso(session.started_ms),
    children: Math.max(0, alive.length - 1),
    cpu_percent: Math.round(usage.cpu_percent * 10) / 10,
    rss_bytes: usage.rss_bytes,
  };
  return session.ending === null ? report : { ...report, ...endingFields(session.ending) };
}

function endingFields(ending: NonNullable<Transition['ending']>) {
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
    evidence: evidenceOf(transition.evidence),
    ...(transition.ending === null ? {} : endingFields(transition.ending)),
    tty: transition.tty,
    cwd: transition.cwd,
  };
}

export function explainReport(
  session: Session,
  decision: Decision | null,
  agent: AgentReport,
): ExplainReport {
  const now_ms = now();
  const order = [...session.record].reverse();
  return {
    agent,
    decided_by: decision?.rule ?? 'the process ended',
    evidence: order.map(evidence => ({
      ...evidenceOf(evidence),
      age_ms: Math.round(now_ms - evidence.time_ms),
      note: isDeciding(evidence, session) ? 'decided' : '',
    })),
    processes: [...session.members.values()].map(({ pid, role, command, background }) => ({
      pid,
      role: background ? `${role} in the background` : role,
      command: command.slice(0, MAX_COMMAND),
    })),
  };
}

function isDeciding(evidence: Evidence, session: Session): boolean {
  return evidence.source === session.evidence.source && evidence.text === session.evidence.text;
}
