import type { Resolution } from '../agents/tracker/resolve.js';
import { backgroundCount, type Session } from '../agents/tracker/session.js';
import type { AgentReport, ExplainReport } from '../api/contract.js';
import type { Users } from '../lib/os/users.js';
import { printable } from '../lib/text/printable.js';
import { iso, now } from '../lib/time/time.js';
import { endingFields, evidenceReport } from '../model/state-event.js';
import { asks } from '../outputs/helpers/helper-agent.js';
import type { Usage } from '../sources/procfs/usage.js';

/** Command lines can hold a whole prompt. */
const MAX_COMMAND = 4096;
const MAX_VOICE_TEXT = 300;

export function agentReport(session: Session, users: Users, usage: Usage, unseen: number): AgentReport {
  const alive = session.ending === null ? [...session.members.keys()] : [];
  const report: AgentReport = {
    pid: session.pid,
    agent: session.type.name,
    state: session.state,
    reason: session.reason,
    since: iso(session.since_ms),
    evidence: evidenceReport(session.evidence),
    interactive: session.interactive,
    background: backgroundCount(session),
    asks: asks(session),
    unseen,
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

export function explainReport(
  session: Session,
  resolution: Resolution | null,
  agent: AgentReport,
): ExplainReport {
  const now_ms = now();
  // What decides now may not be what brought the state about: that is on record, too.
  const deciding = resolution?.evidence ?? session.evidence;
  const order = [...session.evidence_log].reverse();
  const at = order.findIndex(({ source, text }) => source === deciding.source && text === deciding.text);
  if (at < 0) order.unshift(deciding);
  return {
    agent: { ...agent, evidence: evidenceReport(deciding) },
    decided_by: resolution?.rule ?? 'the process ended',
    evidence: order.map((evidence, index) => ({
      ...evidenceReport(evidence),
      age_ms: Math.round(now_ms - evidence.time_ms),
      note: index === Math.max(0, at) ? 'decided' : '',
    })),
    voices: (resolution?.voices ?? []).map(({ voice, verdict, text, at_ms, why }) => ({
      voice,
      verdict,
      text: text === null ? null : printable(text, MAX_VOICE_TEXT),
      since: at_ms === null ? null : iso(at_ms),
      why,
    })),
    processes: [...session.members.values()].map(({ pid, role, command, background }) => ({
      pid,
      role: background ? `${role} in the background` : role,
      command: command.slice(0, MAX_COMMAND),
    })),
  };
}
